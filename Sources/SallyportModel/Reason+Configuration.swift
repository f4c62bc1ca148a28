/// 10xx reading files, 11xx the document, 12xx keys and values, 13xx what they mean together, 14xx files and secrets
/// they name, 15xx weakenings, 19xx warnings.
extension Reason {
    static func configuration(
        _ code: UInt16, _ title: StaticString, _ explanation: StaticString, fix: StaticString
    ) -> Reason {
        Reason(code, title, origin: .configuration, explanation: explanation, fix: fix)
    }

    // MARK: 10xx Reading files

    package static let configurationUnreadable = configuration(
        1001, "Configuration file cannot be read",
        """
        The file named with -c, or the first of ./sallyport.yaml and /etc/sallyport/sallyport.yaml, could not be \
        read.
        """,
        fix: "Name a file that exists and that this user may read: sallyport check -c FILE")
    package static let includeUnreadable = configuration(
        1002, "Included file cannot be read",
        """
        A file named in `include` could not be read. Paths are relative to the file that names them. A pattern with \
        `*` may match nothing, a plain name may not.
        """,
        fix: "Correct the path, or take the line out of `include`.")
    package static let includeCycle = configuration(
        1003, "Files include each other in a circle",
        "Following `include` leads back to a file that is still being read.",
        fix: "Take one of the files of the chain out of `include`.")
    package static let configurationTooLarge = configuration(
        1004, "Configuration too large",
        "A configuration may have 256 files, includes 8 deep and 4 MiB of text in all, so that reading it always ends.",
        fix: "Remove what is not needed, or merge small files.")
    package static let notUTF8 = configuration(
        1005, "File is not UTF-8",
        "Configuration files are UTF-8. The bytes at this place are not.",
        fix: "Save the file as UTF-8, for example: iconv -f latin1 -t utf-8 OLD > NEW")
    package static let forbiddenCharacter = configuration(
        1006, "Character that has no place in a configuration",
        """
        Control characters other than tab and line end, and Unicode noncharacters, are refused: they hide what a \
        file says.
        """,
        fix: "Remove the character. Inside a quoted text it can be written as an escape where it is allowed at all.")

    // MARK: 11xx The document

    package static let yamlSyntax = configuration(
        1101, "YAML syntax error",
        """
        The file is no valid YAML from this place on. Often a bracket, quote or colon is missing a little earlier, \
        or the file was cut off.
        """,
        fix: "Correct the syntax; compare the indentation with the lines above.")
    package static let tabIndentation = configuration(
        1102, "Tab used to indent",
        "YAML does not allow tabs in indentation, because their width is anybody's guess.",
        fix: "Replace the tab by spaces.")
    package static let duplicateKey = configuration(
        1103, "Key stands twice",
        "The same key stands twice in one mapping. YAML readers differ in which one they take; here neither is taken.",
        fix: "Remove one of the two.")
    package static let severalDocuments = configuration(
        1104, "More than one YAML document",
        "A line `---` starts a second document. Only the first would be read, so the file is refused.",
        fix: "Remove the line `---`, or put the second part into a file of its own and `include` it.")
    package static let emptyConfiguration = configuration(
        1105, "Empty configuration",
        "The file holds no key at all. It may have been truncated while it was written.",
        fix: "Start with `version: 1`; `sallyport explain listeners` shows what follows.")
    package static let tooComplex = configuration(
        1106, "Document too deep or too big",
        "A configuration may be 32 levels deep and have 100,000 values, aliases written out.",
        fix: "Flatten the document, or write fewer aliases of aliases.")
    package static let mergeKey = configuration(
        1107, "Merge key",
        """
        `<<` merges one mapping into another in some YAML versions and is an ordinary key in others, so it is \
        refused.
        """,
        fix: "Write the keys out, or give the whole value as an alias: `key: *name`.")
    package static let keyIsNotText = configuration(
        1108, "Key is not a plain text",
        "Keys are texts. A list, a mapping or an alias cannot be one.",
        fix: "Write the key as a word.")
    package static let undefinedAlias = configuration(
        1109, "Alias without an anchor",
        "`*name` repeats the value that `&name` marks further up, and there is none in this file.",
        fix: "Mark the value with `&name`, or put the text in quotes if it is meant to start with `*`.")
    package static let tagNotAllowed = configuration(
        1110, "YAML tag",
        """
        A tag such as `!!binary` or `!name` changes the type of a value. Types come from the configuration's own \
        table.
        """,
        fix: "Remove the tag.")

    // MARK: 12xx Keys and values

    package static let unknownKey = configuration(
        1201, "Unknown key",
        """
        This key means nothing here. A key that is not understood may be a misspelt protection, so it is never \
        skipped.
        """,
        fix: "Correct the key; `sallyport explain KEY.PATH` lists what a level knows.")
    package static let wrongType = configuration(
        1202, "Wrong kind of value",
        """
        The value is a list where a text is wanted, or the like. Types come from the table of fields, never from \
        YAML's guess.
        """,
        fix: "Give the kind of value that the message names.")
    package static let unknownChoice = configuration(
        1203, "Not one of the choices",
        "The key takes one of a few words, and this is none of them.",
        fix: "Use one of the words beside the caret.")
    package static let outOfRange = configuration(
        1204, "Out of range",
        "The value is readable but smaller or greater than what is allowed.",
        fix: "Give a value within the range; `sallyport explain KEY.PATH` says why there is one.")
    package static let missingKey = configuration(
        1205, "Key is missing",
        "A key that has no default is not given.",
        fix: "Add the key.")
    package static let malformedValue = configuration(
        1206, "Malformed value",
        "The text does not have the form that the key wants.",
        fix: "Follow the form in the message; `sallyport explain KEY.PATH` shows examples.")
    package static let conflictingKeys = configuration(
        1207, "Keys do not go together",
        "Of these keys exactly one, or all together, must be given.",
        fix: "Remove or add keys as the message says.")
    package static let emptyValue = configuration(
        1208, "Key without a value",
        "Nothing stands behind the key, or `null`. That is neither a value nor the default.",
        fix: "Give a value, or remove the key to have the default.")
    package static let repeatedElement = configuration(
        1209, "Stands twice in the list",
        "The list names the same thing twice, which is always a slip.",
        fix: "Remove one of the two.")
    package static let badName = configuration(
        1210, "Not a name",
        "Names have 1 to 64 letters, digits, `.`, `_` or `-`, and start with a letter or digit.",
        fix: "Choose a name of that form.")
    package static let unsupportedVersion = configuration(
        1211, "Unsupported configuration version",
        "`version` says which rules the file was written for. This program knows version 1.",
        fix: "Write `version: 1`, and check the file against it.")
    package static let definedInTwoFiles = configuration(
        1212, "Defined in two files",
        "Sections of several files are merged and lists joined, but one thing is defined in one place.",
        fix: "Remove it from one of the two files.")

    // MARK: 13xx Meaning

    package static let unknownReference = configuration(
        1301, "Name is not defined",
        "The value names something that no section defines.",
        fix: "Correct the name, or define it.")
    package static let unreachableRoute = configuration(
        1302, "Route can never be reached",
        "An earlier route takes every request that this one would match, so its `allow` protects nothing.",
        fix: "Remove one of the routes, or make this one more specific.")
    package static let notATLSListener = configuration(
        1303, "Listener only redirects",
        "A listener with `redirectToHTTPS` answers every request itself, so a route bound to it is never asked.",
        fix: "Bind the route to a listener with `tls`.")
    package static let addressTwice = configuration(
        1304, "Address is used twice",
        "Two listeners would share one address and port, and connections would reach either by chance.",
        fix: "Give each listener an address or port of its own.")
    package static let reservedName = configuration(
        1305, "Reserved name",
        "The name has a fixed meaning in the configuration.",
        fix: "Choose another name.")
    package static let stripPrefixMismatch = configuration(
        1306, "stripPrefix does not fit the path",
        """
        What is stripped must be the front part of `match.path`, or some requests would be forwarded with it and \
        others without.
        """,
        fix: "Make `stripPrefix` the front of `match.path`, at a `/`.")
    package static let mirrorToItself = configuration(
        1316, "Mirror to the service that answers",
        "`mirror` copies requests to a service that gets them already, so it would do everything twice, orders too.",
        fix: "Mirror to another upstream, whose targets are not those of the route.")
    package static let nothingToRedirectTo = configuration(
        1307, "Nothing to redirect to",
        "A listener with `redirectToHTTPS` needs a listener with `tls` to send clients to.",
        fix: "Add a listener with `tls`, or remove this one.")
    package static let nameTwice = configuration(
        1308, "Name is used twice",
        "Route names stand in logs and metrics, so each is given once.",
        fix: "Rename one of the routes.")

    // 1310 … 1329: see Reason+HostConfiguration.swift

    // MARK: 14xx Files and secrets

    package static let fileUnreadable = configuration(
        1401, "File cannot be read",
        """
        A certificate, key or authority file that the configuration names cannot be read. Nothing is trusted in its \
        place.
        """,
        fix: "Correct the path or its permissions. Paths are relative to the file that names them.")
    package static let wrongPEM = configuration(
        1402, "Not the PEM that is wanted",
        "The file holds no PEM block of the kind that the key wants, or holds a kind that does not belong there.",
        fix: "See what is in the file: sallyport cert inspect FILE")
    package static let variableNotSet = configuration(
        1410, "Environment variable is not set",
        "A secret is to come from an environment variable that is not set, or empty, where this command runs.",
        fix: "Set the variable, for a service in its unit: LoadCredential= and `credential:NAME` are safer.")
    package static let literalSecret = configuration(
        1411, "Secret in the configuration",
        "A secret is given as a reference, never as itself: configuration files are copied, committed and shown.",
        fix: """
            Put it into a file of mode 0600 and write `file:PATH`, or use `env:NAME` or `credential:NAME`. If the file \
            was shared, replace the secret.
            """)
    package static let credentialUnavailable = configuration(
        1412, "Credential is not available",
        "`credential:NAME` is a file in $CREDENTIALS_DIRECTORY, which systemd sets up for LoadCredential=NAME:PATH.",
        fix: "Add LoadCredential= to the unit, or use `file:PATH` where there is no systemd.")

    // MARK: 15xx Weakenings

    package static let becauseMissing = configuration(
        1501, "A weakening without a reason",
        """
        The setting is weaker than the default. It is allowed when the file says why; the reason is listed under \
        accepted risks.
        """,
        fix: "Add `because: \"…\"` beside it, or return to the default.")

    // MARK: 151x Status of certificates

    package static let statusNeverKnown = configuration(
        1510, "Nothing says what the status of certificates is",
        """
        `whenStatusUnknown` chooses what happens to certificates of unknown status, but the authority has neither \
        revocation lists nor an OCSP responder, so the status of none is looked up.
        """,
        fix: "Add `crl` or `ocsp` to the authority, or remove `whenStatusUnknown`.")
    package static let deltaWithoutBase = configuration(
        1511, "A delta list without a complete list",
        "A delta revocation list says only what changed since a complete one, so it says nothing by itself.",
        fix: "Name the complete list under `crl`.")

    // MARK: 19xx Warnings

    package static let nameLooksMisspelt = configuration(
        1901, "Name looks misspelt",
        "The name is taken as a client of the built-in authority, but an identity of nearly the same name is defined.",
        fix: "Correct the name if the identity is meant.")
    package static let hostNotInCertificate = configuration(
        1902, "Host is not in the listener's certificate",
        """
        The route waits for a host that the listener's certificate does not name, so clients that check would never \
        get there.
        """,
        fix: "Add the host to `tls.names` of the listener, or correct `match.host`.")
    package static let nobodyAllowed = configuration(
        1903, "Nobody is allowed",
        "The route has no `allow`, and the default is nobody: every request is answered 403.",
        fix: "Add `allow` with names of identities. `allow: []` says that nobody is meant.")
    package static let withoutEffect = configuration(
        1904, "Has no effect",
        "The setting is read and checked but changes nothing where it stands.",
        fix: "Remove it, or change what keeps it from having an effect.")
    package static let plaintextUpstream = configuration(
        1905, "Upstream without TLS",
        "Requests leave this machine unencrypted, and nothing proves who answers.",
        fix: "Use an `https` target with `tls.trust`.")
    package static let noRoutes = configuration(
        1906, "No routes",
        "Without `routes` every request is answered 404.",
        fix: "Add a route; `sallyport explain routes` shows how.")
    package static let methodLooksMisspelt = configuration(
        1907, "Method looks misspelt",
        "The method is none of the registered ones and nearly one of them.",
        fix: "Correct the method.")
    package static let certificateNeverShown = configuration(
        1908, "No client can prove who it is here",
        "The route allows named identities, but the listener asks no client for a certificate, so nobody passes.",
        fix: "Bind the route to a listener whose profile has `mode: require` or `optional`.")

    static let configurationReasons = [
        configurationUnreadable, includeUnreadable, includeCycle, configurationTooLarge, notUTF8, forbiddenCharacter,
        yamlSyntax, tabIndentation, duplicateKey, severalDocuments, emptyConfiguration, tooComplex, mergeKey,
        keyIsNotText, undefinedAlias, tagNotAllowed,
        unknownKey, wrongType, unknownChoice, outOfRange, missingKey, malformedValue, conflictingKeys, emptyValue,
        repeatedElement, badName, unsupportedVersion, definedInTwoFiles,
        unknownReference, unreachableRoute, notATLSListener, addressTwice, reservedName, stripPrefixMismatch,
        mirrorToItself, nothingToRedirectTo, nameTwice,
        fileUnreadable, wrongPEM, variableNotSet, literalSecret, credentialUnavailable,
        becauseMissing, statusNeverKnown, deltaWithoutBase,
        nameLooksMisspelt, hostNotInCertificate, nobodyAllowed, withoutEffect, plaintextUpstream, noRoutes,
        methodLooksMisspelt, certificateNeverShown,
    ]
}
