import SallyportHTTP
import SallyportModel

/// Everything that conditions can ask about one request. Making one copies no text.
package struct Circumstances {
    let head: RequestHead
    let client: ClientAddress?
    /// What the caller's certificate proved.
    let certificate: Identity?
    /// The names that the caller has by certificate, token or key together; nil for a caller who proved nothing.
    let names: [String]?
    let groups: IdentityGroups
    let token: TokenFacts?
    let key: KeyFacts?
    let session: SessionFacts
    /// Seconds since 1970.
    let now: Int64

    /// - Parameter caller: with token and key, once they are checked.
    package init(
        head: RequestHead, client: ClientAddress?, caller: Caller, groups: IdentityGroups = IdentityGroups(),
        session: SessionFacts, now: Int64
    ) {
        self.init(
            head: head, client: client, certificate: caller.certificate,
            names: caller.isAnonymous ? nil : caller.names, groups: groups, token: caller.token, key: caller.key, session: session,
            now: now)
    }

    init(
        head: RequestHead, client: ClientAddress?, certificate: Identity? = nil, names: [String]? = nil,
        groups: IdentityGroups = IdentityGroups(), token: TokenFacts? = nil, key: KeyFacts? = nil, session: SessionFacts, now: Int64
    ) {
        self.head = head
        self.client = client
        self.certificate = certificate
        self.names = names
        self.groups = groups
        self.token = token
        self.key = key
        self.session = session
        self.now = now
    }

    /// Whether there is such a thing at all, be it once or twice.
    func has(_ fact: Fact) -> Bool {
        switch value(of: fact) {
        case .absent: false
        case .ambiguous, .text, .list, .claims, .number, .decimal, .truth, .moment, .address, .structure: true
        }
    }

    func value(of fact: Fact) -> FactValue {
        switch fact.name {
        case .requestMethod: .text(.bytes(head.bytes[head.method]))
        case .requestPath: .text(.bytes(head.bytes[head.path]))
        case .requestHost: .text(.string(head.host))
        case .requestHeader: head.singleField(fact.key)
        case .requestQuery: head.queryParameter(fact.key)
        case .clientAddress: client.map(FactValue.address) ?? .absent
        case .identityNames: names.map(FactValue.list) ?? .absent
        case .identityGroups: names.map { .list(groups.names(for: $0)) } ?? .absent
        case .tokenIssuer, .tokenSubject, .tokenAudience, .tokenScope, .tokenClient, .tokenExpires, .tokenClaim:
            token?.value(of: fact) ?? .absent
        case .keyName: .init(key?.name)
        case .keyIdentity: .init(key?.identity)
        case .tlsVersion, .tlsCipher, .tlsGroup, .tlsResumed, .tlsServerName, .tlsJA3, .tlsJA4:
            session.value(of: fact.name)
        case .timeNow: .moment(now)
        case .timeDate: .moment(CivilTime.startOfDay(now))
        case .timeHour: .number(CivilTime.hour(now))
        case .timeMinute: .number(CivilTime.minute(now))
        case .timeWeekday: .text(.string(CivilTime.weekday(now)))
        default: certificate?.value(of: fact.name) ?? .absent
        }
    }
}

extension Identity {
    fileprivate func value(of name: FactName) -> FactValue {
        switch name {
        case .certificateSubject: .text(.string(certificate.subject))
        case .certificateIssuer: .text(.string(certificate.issuer))
        case .certificateSerial: .text(.string(certificate.serial))
        case .certificateCommonName: .init(certificate.commonName)
        case .certificateOrganizations: .list(certificate.organizations)
        case .certificateOrganizationalUnits: .list(certificate.organizationalUnits)
        case .certificateSPIFFE: spiffe
        case .certificateDNS: .list(certificate.dnsNames)
        case .certificateURIs: .list(certificate.uris)
        case .certificateEmails: .list(certificate.emails)
        case .certificateNotBefore: .moment(certificate.notBefore)
        case .certificateNotAfter: .moment(certificate.notAfter)
        case .certificateAuthority: .text(.string(authority))
        default: .absent
        }
    }

    /// A certificate with two of them is refused in the handshake; should one come here, it has none to rely on.
    private var spiffe: FactValue {
        var found: String?
        for uri in certificate.uris where uri.utf8.starts(with: "spiffe://".utf8) {
            guard found == nil else { return .ambiguous }
            found = uri
        }
        return .init(found)
    }
}

extension TokenFacts {
    fileprivate func value(of fact: Fact) -> FactValue {
        switch fact.name {
        case .tokenIssuer: .text(.string(issuer))
        case .tokenSubject: .init(subject)
        case .tokenAudience: .list(audience)
        case .tokenScope: .list(scope)
        case .tokenClient: .init(client)
        case .tokenExpires: .moment(expires)
        default: claims[path: fact.keys].map(FactValue.init) ?? .absent
        }
    }
}

extension SessionFacts {
    fileprivate func value(of name: FactName) -> FactValue {
        switch name {
        case .tlsVersion: .text(.string(version))
        case .tlsCipher: .text(.string(cipher))
        case .tlsGroup: .init(group)
        case .tlsResumed: .truth(resumed)
        case .tlsServerName: .init(serverName)
        case .tlsJA3: .init(ja3)
        case .tlsJA4: .init(ja4)
        default: .absent
        }
    }
}
