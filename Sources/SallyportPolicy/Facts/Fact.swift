/// A fact as a condition names it: its name, and for some the names in brackets behind it.
package struct Fact: Sendable, Hashable {
    package let name: FactName
    /// Of a header field (lower-case) or query parameter: one. Of a claim: one for each object on the way.
    package let keys: [String]
    let key: [UInt8]

    init(_ name: FactName, keys: [String] = []) {
        self.name = name
        self.keys = keys
        key = Array((keys.first ?? "").utf8)
    }

    /// As it stands in a condition.
    package var text: String { name.rawValue + keys.map { "[\"\($0)\"]" }.joined() }
}

/// Everything that a condition can ask about. The raw value is the name in the language.
package enum FactName: String, Sendable, CaseIterable {
    case requestMethod = "request.method"
    case requestPath = "request.path"
    case requestHost = "request.host"
    case requestHeader = "request.header"
    case requestQuery = "request.query"
    case clientAddress = "client.address"
    case identityNames = "identity.names"
    case identityGroups = "identity.groups"
    case certificateSubject = "certificate.subject"
    case certificateIssuer = "certificate.issuer"
    case certificateSerial = "certificate.serial"
    case certificateCommonName = "certificate.commonName"
    case certificateOrganizations = "certificate.organizations"
    case certificateOrganizationalUnits = "certificate.organizationalUnits"
    case certificateSPIFFE = "certificate.spiffe"
    case certificateDNS = "certificate.dns"
    case certificateURIs = "certificate.uris"
    case certificateEmails = "certificate.emails"
    case certificateNotBefore = "certificate.notBefore"
    case certificateNotAfter = "certificate.notAfter"
    case certificateAuthority = "certificate.authority"
    case tokenIssuer = "token.issuer"
    case tokenSubject = "token.subject"
    case tokenAudience = "token.audience"
    case tokenScope = "token.scope"
    case tokenClient = "token.client"
    case tokenExpires = "token.expires"
    case tokenClaim = "token.claim"
    case keyName = "key.name"
    case keyIdentity = "key.identity"
    case tlsVersion = "tls.version"
    case tlsCipher = "tls.cipher"
    case tlsGroup = "tls.group"
    case tlsResumed = "tls.resumed"
    case tlsServerName = "tls.serverName"
    case tlsJA3 = "tls.ja3"
    case tlsJA4 = "tls.ja4"
    case timeNow = "time.now"
    case timeDate = "time.date"
    case timeHour = "time.hour"
    case timeMinute = "time.minute"
    case timeWeekday = "time.weekday"
}

/// What kind of value a fact has, and so which operators go with it.
package enum FactType: String, Sendable {
    case text
    case list = "list of texts"
    case number
    case truth = "true or false"
    case moment = "point in time"
    case address
    /// A claim: whatever the issuer put there.
    case claim
}

extension FactName {
    package var type: FactType {
        switch self {
        case .clientAddress: .address
        case .identityNames, .identityGroups, .certificateOrganizations, .certificateOrganizationalUnits, .certificateDNS,
            .certificateURIs, .certificateEmails, .tokenAudience, .tokenScope:
            .list
        case .certificateNotBefore, .certificateNotAfter, .tokenExpires, .timeNow, .timeDate: .moment
        case .timeHour, .timeMinute: .number
        case .tlsResumed: .truth
        case .tokenClaim: .claim
        default: .text
        }
    }

    /// How many names in brackets follow.
    var keyCount: ClosedRange<Int> {
        switch self {
        case .requestHeader, .requestQuery: 1...1
        case .tokenClaim: 1...4
        default: 0...0
        }
    }

    /// Whether every request has it, so that a comparison with it is always decided.
    package var isAlwaysThere: Bool {
        switch self {
        case .requestMethod, .requestPath, .requestHost, .clientAddress, .tlsVersion, .tlsCipher, .tlsResumed, .timeNow,
            .timeDate, .timeHour, .timeMinute, .timeWeekday:
            true
        default: false
        }
    }

    /// The only values there are; nil where there are too many to name.
    var vocabulary: [String]? {
        switch self {
        case .timeWeekday: CivilTime.weekdays
        case .tlsVersion: ["TLSv1.2", "TLSv1.3"]
        default: nil
        }
    }
}

extension FactName {
    /// One sentence for the reference page.
    package var sentence: StaticString {
        switch self {
        case .requestMethod: "The method, as sent: `GET`."
        case .requestPath: "The path after normalisation, without the query: the one that goes on to the upstream."
        case .requestHost: "The host that is asked for, in lower case, without port."
        case .requestHeader:
            "The value of a header field. Undecided when the field comes twice or does not go on to the upstream."
        case .requestQuery:
            "The value of a query parameter, decoded. Undecided when it comes twice or cannot be decoded."
        case .clientAddress: "The address of the client; behind a trusted proxy the one that its PROXY header gives."
        case .identityGroups: "The names of `groups` that an identity of the caller belongs to."
        case .identityNames: "The names of `identities` that the caller has proved."
        case .certificateSubject: "The subject of the client certificate, as `CN=alice,O=Example`."
        case .certificateIssuer: "The issuer of the client certificate, as `CN=Example CA`."
        case .certificateSerial: "The serial number of the client certificate in upper-case hexadecimal."
        case .certificateCommonName: "The common name of the client certificate."
        case .certificateOrganizations: "The organizations in the subject of the client certificate."
        case .certificateOrganizationalUnits: "The organizational units in the subject of the client certificate."
        case .certificateSPIFFE: "The SPIFFE ID of the client certificate."
        case .certificateDNS: "The DNS names of the client certificate, in lower case."
        case .certificateURIs: "The URI names of the client certificate."
        case .certificateEmails: "The email addresses of the client certificate."
        case .certificateNotBefore: "When the client certificate began to be valid."
        case .certificateNotAfter: "When the client certificate ends."
        case .certificateAuthority: "The name in `pki.authorities` that the client certificate leads to."
        case .tokenIssuer: "Who issued the token (`iss`)."
        case .tokenSubject: "Whom the token speaks of (`sub`)."
        case .tokenAudience: "For whom the token is meant (`aud`)."
        case .tokenScope: "The scopes of the token, one element each."
        case .tokenClient: "The OAuth client that the token was issued to (`client_id`, else `azp`)."
        case .tokenExpires: "When the token ends (`exp`)."
        case .tokenClaim: "Any claim of the token; a further name in brackets goes into an object."
        case .keyName: "The name of the API key."
        case .keyIdentity: "The identity that the API key is bound to."
        case .tlsVersion: "The protocol: `TLSv1.2` or `TLSv1.3`."
        case .tlsCipher: "The cipher suite by its name at IANA."
        case .tlsGroup: "The group of the key exchange, such as `X25519MLKEM768`."
        case .tlsResumed: "Whether the session was resumed."
        case .tlsServerName: "The server name of the handshake."
        case .tlsJA3: "The JA3 fingerprint of the client."
        case .tlsJA4: "The JA4 fingerprint of the client."
        case .timeNow: "The time of the request."
        case .timeDate: "The first second of the day of the request, in UTC."
        case .timeHour: "The hour of the day in UTC, 0 to 23."
        case .timeMinute: "The minute of the hour, 0 to 59."
        case .timeWeekday: "The day of the week in UTC, `monday` to `sunday`."
        }
    }
}
