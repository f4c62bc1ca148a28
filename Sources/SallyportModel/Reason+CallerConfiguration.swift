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

    package static let conditionConstant = configuration(
        1332, "Condition is the same for every request",
        """
        A part of a `when` or `deny`, or the whole, comes to the same whatever the request is: a number is out of the \
        range of its fact, two parts exclude each other, or it asks for what no request of the route has.
        """,
        fix: "Correct the part that the message names, or remove it. docs/conditions.md lists the range of each fact.")
    package static let identityNeverProved = configuration(
        1345, "An identity cannot be proved on the route",
        """
        The route allows an identity by token or API key, and none of its policies reads such tokens or keys, so \
        nobody is ever known by that name there.
        """,
        fix: "Add a policy with `jwt`, `introspection` or `apiKeys` to the route, or take the name out of `allow`.")
    package static let credentialNeverRead = configuration(
        1346, "A condition asks for what the route never reads",
        """
        A `when` or `deny` asks for something of a token, API key or certificate, and no request of the route has it: \
        no policy of the route reads it, or its listener asks for no certificate. What is missing is undecided, and \
        opens nothing.
        """,
        fix: "Add a policy that reads it to the route, or ask first: has(token) and …")
    package static let preflightNeverArrives = configuration(
        1347, "Browsers cannot ask here",
        """
        Before some requests browsers ask whether a page of another origin may make them, and these questions carry no \
        credentials, client certificates included (Fetch standard). A listener that requires a certificate refuses \
        them in the handshake, so `cors` never gets to answer.
        """,
        fix: "Use a TLS profile with mode: optional for the host, or remove `cors`.")

    static let callerConfigurationReasons = [
        conditionConstant, identityNeverProved, credentialNeverRead, preflightNeverArrives,
        groupNamedLikeIdentity, groupInGroup,
        conditionInvalid, conditionUnguarded, apiKeyNameTaken, apiKeyMissing, apiKeysUnusable,
    ]
}
