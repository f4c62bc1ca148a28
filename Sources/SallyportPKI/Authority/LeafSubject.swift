import SwiftASN1
import X509

/// The names that go into a certificate of the built-in authority, checked.
package struct LeafSubject: Sendable {
    package let kind: IssuedKind
    /// What `cert list` and `cert revoke` call it.
    package let name: String
    let commonName: String?
    let names: [GeneralName]

    /// - Parameters:
    ///   - names: DNS names (also `*.example.org`) and IP addresses; the first becomes the common name.
    ///   - name: nil takes the first of `names`.
    package init(server name: String?, names texts: [String]) throws(PKIError) {
        guard let first = texts.first else {
            throw PKIError(
                .certificateNameInvalid, "server certificate", "it needs at least one DNS name or IP address")
        }
        var names: [GeneralName] = []
        for text in texts { names.append(try Self.serverName(text)) }
        kind = .server
        self.name = name ?? first
        // 64 characters are all that a common name may have (RFC 5280 appendix A.1).
        commonName = names.firstText.flatMap { $0.utf8.count <= 64 ? $0 : nil }
        self.names = names
    }

    /// - Parameter uri: nil means `spiffe://sallyport.local/client/NAME`.
    package init(client name: String, uri: String?, dns: [String]) throws(PKIError) {
        let name = try CertificateName(name).text
        guard name != "anyone", name != "nobody" else {
            throw PKIError(.certificateNameInvalid, "\"\(name)\"", "the word has a meaning of its own")
        }
        let uri = uri ?? "spiffe://sallyport.local/client/\(name)"
        guard AlternativeName.uniformResourceIdentifier(Array(uri.utf8)) != nil else {
            throw PKIError(.certificateNameInvalid, PrintableText.make(uri, limit: 200), "it is not a URI")
        }
        var names: [GeneralName] = [.uniformResourceIdentifier(uri)]
        for text in dns {
            guard let normalized = DomainName.normalized(Array(text.utf8), allowsWildcard: false) else {
                throw PKIError(.certificateNameInvalid, PrintableText.make(text, limit: 200), "it is not a DNS name")
            }
            names.append(.dnsName(normalized))
        }
        kind = .client
        self.name = name
        commonName = name
        self.names = names
    }

    /// Whether a request asks for exactly these names.
    package func isAskedFor(by request: CertificateRequest) -> Bool {
        var (dnsNames, addresses, uris): ([String], [String], [String]) = ([], [], [])
        for name in names {
            switch name {
            case .dnsName(let text): dnsNames.append(text)
            case .ipAddress(let bytes): addresses.append(IPAddressText.text(bytes.bytes) ?? "")
            case .uniformResourceIdentifier(let text): uris.append(text)
            default: return false
            }
        }
        return request.asksFor(name: name, dnsNames: dnsNames, addresses: addresses, uris: uris)
    }

    private static func serverName(_ text: String) throws(PKIError) -> GeneralName {
        if let address = IPAddressText.bytes(text) {
            return .ipAddress(ASN1OctetString(contentBytes: address[...]))
        }
        guard let name = DomainName.normalized(Array(text.utf8), allowsWildcard: true) else {
            throw PKIError(
                .certificateNameInvalid, PrintableText.make(text, limit: 200),
                "it is neither a DNS name nor an IP address")
        }
        return .dnsName(name)
    }
}

extension [GeneralName] {
    /// The first name as a certificate reader shows it.
    fileprivate var firstText: String? {
        switch first {
        case .dnsName(let name)?: name
        case .ipAddress(let bytes)?: IPAddressText.text(bytes.bytes)
        default: nil
        }
    }
}
