import Crypto
import SallyportModel

/// Turns a certificate into the facts that decisions rest on; whatever cannot be read safely refuses.
package enum CertificateReader {
    /// More names than this in one certificate refuse it.
    static let maximumNames = 1000

    /// - Throws: when the certificate is not well-formed, or a name in it is not safe to compare.
    package static func facts(der: [UInt8]) throws(ChainRefusal) -> CertificateFacts {
        try facts(ParsedCertificate(der: der))
    }

    package static func facts(_ certificate: ParsedCertificate) throws(ChainRefusal) -> CertificateFacts {
        let subject = try name(certificate.envelope.subject, "subject")
        let issuer = try name(certificate.envelope.issuer, "issuer")
        let commonNames = try texts(RawDistinguishedName.Attribute.commonName, in: subject, "common name")
        guard commonNames.count <= 1 else {
            throw ChainRefusal(.certificateNamesUnreadable, "the subject has \(commonNames.count) common names")
        }
        var facts = CertificateFacts(
            subject: subject.text, issuer: issuer.text, serial: certificate.serial, commonName: commonNames.first,
            organizations: try texts(RawDistinguishedName.Attribute.organization, in: subject, "organization"),
            organizationalUnits: try texts(
                RawDistinguishedName.Attribute.organizationalUnit, in: subject, "organizational unit"),
            notBefore: certificate.notBefore, notAfter: certificate.notAfter,
            fingerprint: Array(SHA256.hash(data: certificate.der)), der: certificate.der)
        let names = certificate.extensions.alternativeNames ?? []
        guard names.count <= maximumNames else {
            throw ChainRefusal(.certificateNamesUnreadable, "subjectAltName has \(names.count) names")
        }
        for name in names { try add(name, to: &facts) }
        try checkSPIFFE(facts.uris)
        return facts
    }

    /// X509-SVID section 2: a workload's certificate has one URI, its SPIFFE ID, and nothing that could be read twice.
    private static func checkSPIFFE(_ uris: [String]) throws(ChainRefusal) {
        guard uris.contains(where: { SPIFFEIdentifier.isMeant(by: $0.utf8) }) else { return }
        guard uris.count == 1, SPIFFEIdentifier(uris[0]) != nil else {
            throw ChainRefusal(
                .certificateNamesUnreadable,
                "a SPIFFE ID is malformed or not the only URI: \(PrintableText.make(uris.joined(separator: " ")))")
        }
    }

    private static func name(
        _ der: [UInt8], _ what: StaticString
    ) throws(ChainRefusal) -> RawDistinguishedName {
        do {
            return try RawDistinguishedName(der: der[...])
        } catch {
            throw ChainRefusal(.certificateNamesUnreadable, "the \(what) cannot be decoded")
        }
    }

    private static func texts(
        _ type: [UInt8], in name: RawDistinguishedName, _ what: StaticString
    ) throws(ChainRefusal) -> [String] {
        var texts: [String] = []
        for attribute in name.attributes where attribute.type == type {
            guard let text = attribute.safeText, !text.isEmpty else {
                throw ChainRefusal(
                    .certificateNamesUnreadable, "the \(what) in the subject is not plain UTF-8 text: \(name.text)")
            }
            texts.append(text)
        }
        return texts
    }

    private static func add(_ name: AlternativeName, to facts: inout CertificateFacts) throws(ChainRefusal) {
        switch name {
        case .dns(let bytes):
            facts.dnsNames.append(
                try readable(DomainName.normalized(bytes, allowsWildcard: true), "DNS name", bytes))
        case .uri(let bytes):
            facts.uris.append(try readable(AlternativeName.uniformResourceIdentifier(bytes), "URI", bytes))
        case .email(let bytes):
            facts.emails.append(try readable(AlternativeName.mailbox(bytes), "e-mail address", bytes))
        case .address(let bytes):
            facts.addresses.append(try readable(IPAddressText.text(bytes), "IP address", bytes))
        case .directory, .other:
            break
        }
    }

    private static func readable(
        _ text: String?, _ what: StaticString, _ bytes: [UInt8]
    ) throws(ChainRefusal) -> String {
        if let text { return text }
        let shown = PrintableText.make(String(decoding: bytes.prefix(256), as: UTF8.self))
        throw ChainRefusal(.certificateNamesUnreadable, "subjectAltName has a \(what) that is none: \"\(shown)\"")
    }
}
