extension Reason {
    package static let conditionInvalid = Reason(
        1330, "Condition not understood", origin: .configuration,
        explanation:
            "A `when` or `deny` names a fact that does not exist, compares things of different kinds, or is not written as conditions are. The caret stands where reading stopped.",
        fix: "Correct it; docs/conditions.md lists facts and operators.")
    package static let conditionUnguarded = Reason(
        1331, "Condition refuses requests that lack something", origin: .configuration,
        explanation:
            "A `deny` compares something that a request may not have, without asking for it with has(…). Such a request leaves the condition undecided, and what is undecided is refused.",
        fix: "Write has(FACT) and … before the comparison, if requests without it are to go on.")
    package static let apiKeyNameTaken = Reason(
        1340, "There is an API key of that name", origin: .configuration,
        explanation: "Each API key has a name of its own, by which it is listed and revoked.",
        fix: "Choose another name, or revoke the key first: sallyport key revoke NAME")
    package static let apiKeyMissing = Reason(
        1341, "There is no API key of that name", origin: .configuration,
        explanation: "No key of this name stands in the state directory.",
        fix: "List the keys: sallyport key list")
    package static let apiKeysUnusable = Reason(
        1342, "The API keys cannot be used", origin: .configuration,
        explanation:
            "The file of the API keys in the state directory cannot be read or is damaged. Nothing is guessed: the keys that a running gateway has read before stay good; one that starts answers whoever comes with an API key 503 (SP3053), and serves everybody else.",
        fix: "Restore keys/keys.json of the state directory from a backup. It is taken up within two seconds.")

    package static let groupNamedLikeIdentity = configuration(
        1343, "A group has the name of an identity",
        "Groups and identities are named in the same places, so a name can be one of them only.",
        fix: "Rename the group.")
    package static let groupInGroup = configuration(
        1344, "A group in a group",
        "Groups hold identities. Groups inside groups would make it hard to see who is allowed something.",
        fix: "List the identities of the inner group, or name both groups in `allow`.")

    static let callerConfigurationReasons = [
        groupNamedLikeIdentity, groupInGroup,
        conditionInvalid, conditionUnguarded, apiKeyNameTaken, apiKeyMissing, apiKeysUnusable,
    ]
}
