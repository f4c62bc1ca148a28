import SallyportModel
import SwiftASN1
import X509

/// A PKCS #10 request (RFC 2986) that was checked: its own key signed it, the key is good, and it asks for names and
/// nothing else. Whether its sender may have the names is decided elsewhere.
package struct CertificateRequest: Sendable {
    /// What a request may have, bytes.
    package static let maximumBytes = 16 << 10

    let publicKey: Certificate.PublicKey
    package let publicKeyInfo: [UInt8]
    /// Of the subject, which may be empty and holds nothing else.
    package let commonName: String?
    /// From the subject alternative name, in the order of the request; DNS names and URIs as text, addresses as
    /// `IPAddressText` writes them.
    package let dnsNames: [String]
    package let addresses: [String]
    package let uris: [String]

    /// - Parameter body: DER, or one PEM block.
    package init(body: [UInt8]) throws(PKIError) {
        guard body.count <= Self.maximumBytes else { throw Self.refused("it has more than \(Self.maximumBytes) bytes") }
        try self.init(der: body.first == DERTag.sequence ? body : try Self.unwrap(body))
    }

    package init(der: [UInt8]) throws(PKIError) {
        guard der.count <= Self.maximumBytes else { throw Self.refused("it has more than \(Self.maximumBytes) bytes") }
        let parts: RequestParts
        do throws(DERFailure) { parts = try RequestParts(der: der) } catch {
            throw Self.refused("its encoding is damaged, or it asks for something else than names")
        }
        try Self.checkKey(parts.publicKeyInfo)
        publicKey = try Self.verified(der)
        publicKeyInfo = parts.publicKeyInfo
        commonName = try parts.commonName.map { bytes throws(PKIError) in try Self.commonName(bytes) }
        var (dnsNames, addresses, uris): ([String], [String], [String]) = ([], [], [])
        for name in parts.names {
            switch name {
            case .dns(let bytes): dnsNames.append(try Self.dnsName(bytes))
            case .address(let bytes): addresses.append(try Self.address(bytes))
            case .uri(let bytes): uris.append(try Self.uri(bytes))
            case .email, .directory, .other: throw Self.refused("it asks for names of a kind that is not issued")
            }
        }
        (self.dnsNames, self.addresses, self.uris) = (dnsNames, addresses, uris)
        guard Set(dnsNames).count == dnsNames.count else { throw Self.refused("it has a name twice") }
    }

    /// Whether it asks for exactly these names. The common name may be one of them or the `name`, or absent.
    package func asksFor(name: String, dnsNames: [String], addresses: [String], uris: [String]) -> Bool {
        let common = commonName.map { $0 == name || dnsNames.contains($0.lowercased()) || addresses.contains($0) }
        return common != false && Set(self.dnsNames) == Set(dnsNames) && Set(self.addresses) == Set(addresses)
            && Set(self.uris) == Set(uris)
    }

    /// It has a key and no names: whoever has a certificate already says by that which names are meant.
    package var hasNoNames: Bool { commonName == nil && dnsNames.isEmpty && addresses.isEmpty && uris.isEmpty }

    private static func unwrap(_ text: [UInt8]) throws(PKIError) -> [UInt8] {
        let blocks = try PEMBlock.parse(text, source: "certificate request")
        guard blocks.count == 1, let block = blocks.first,
            ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"].contains(block.label)
        else { throw refused("it is not one block CERTIFICATE REQUEST") }
        return block.der
    }

    private static func checkKey(_ info: [UInt8]) throws(PKIError) {
        do throws(DERFailure) {
            if try PublicKeyKind(publicKeyInfo: info) != nil { return }
        } catch {
            throw refused("its public key is damaged")
        }
        throw refused("its key is none of P-256, P-384, P-521, Ed25519 and RSA of 2048 to 8192 bits")
    }

    private static let allowedSignatures: Set<Certificate.SignatureAlgorithm> = [
        .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .sha256WithRSAEncryption, .sha384WithRSAEncryption,
        .sha512WithRSAEncryption, .ed25519,
    ]

    /// Proof of possession: who asks has the key (RFC 2986 section 3).
    private static func verified(_ der: [UInt8]) throws(PKIError) -> Certificate.PublicKey {
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw refused("it cannot be read, or its signature algorithm is unknown")
        }
        guard allowedSignatures.contains(request.signatureAlgorithm) else {
            throw refused("its signature algorithm is not allowed; SHA-256 or better is needed")
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw refused("its key did not sign it")
        }
        return request.publicKey
    }

    private static func commonName(_ bytes: [UInt8]) throws(PKIError) -> String {
        guard (1...64).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw refused("its common name is not 1 to 64 printable ASCII characters")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func dnsName(_ bytes: [UInt8]) throws(PKIError) -> String {
        guard let name = DomainName.normalized(bytes, allowsWildcard: true) else {
            throw refused("a DNS name in it is none")
        }
        return name
    }

    private static func address(_ bytes: [UInt8]) throws(PKIError) -> String {
        guard let text = IPAddressText.text(bytes) else { throw refused("an address in it is none") }
        return text
    }

    private static func uri(_ bytes: [UInt8]) throws(PKIError) -> String {
        guard let text = AlternativeName.uniformResourceIdentifier(bytes) else { throw refused("a URI in it is none") }
        return text
    }

    private static func refused(_ detail: String) -> PKIError {
        PKIError(.certificateRequestRefused, "certificate request", detail)
    }
}

/// The encoding of a request, with everything that is not understood refused.
private struct RequestParts {
    private(set) var commonName: [UInt8]?
    let publicKeyInfo: [UInt8]
    private(set) var names: [AlternativeName] = []

    private static let commonNameType: [UInt8] = [85, 4, 3]
    private static let extensionRequest: [UInt8] = [42, 134, 72, 134, 247, 13, 1, 9, 14]
    private static let subjectAlternativeName: [UInt8] = [85, 29, 17]
    private static let maximumNames = 100

    init(der: [UInt8]) throws(DERFailure) {
        var parts = try DERCursor.only(der[...], tag: DERTag.sequence).children
        var info = try parts.next(tag: DERTag.sequence).children
        _ = try parts.next(tag: DERTag.sequence)
        _ = try parts.next(tag: DERTag.bitString)
        guard parts.isAtEnd, try info.next(tag: DERTag.integer).content.elementsEqual([0]) else { throw DERFailure() }
        let subject = try info.next(tag: DERTag.sequence)
        publicKeyInfo = Array(try info.next(tag: DERTag.sequence).encoded)
        // OpenSSL leaves out the attributes when there are none, against RFC 2986.
        let attributes = try info.nextIfPresent(tag: 0xa0)
        guard info.isAtEnd else { throw DERFailure() }
        commonName = try Self.commonName(subject.children)
        if let attributes { try readAttributes(attributes.children) }
    }

    /// Nothing, or one common name.
    private static func commonName(_ subject: DERCursor) throws(DERFailure) -> [UInt8]? {
        var subject = subject
        guard !subject.isAtEnd else { return nil }
        var relative = try subject.next(tag: DERTag.set).children
        var pair = try relative.next(tag: DERTag.sequence).children
        guard subject.isAtEnd, relative.isAtEnd,
            try pair.next(tag: DERTag.objectIdentifier).content.elementsEqual(commonNameType)
        else { throw DERFailure() }
        let value = try pair.next()
        guard pair.isAtEnd, value.tag == DERTag.utf8String || value.tag == DERTag.printableString else {
            throw DERFailure()
        }
        return Array(value.content)
    }

    /// One extension request at most; a challenge password or anything else is refused.
    private mutating func readAttributes(_ attributes: DERCursor) throws(DERFailure) {
        var attributes = attributes
        guard !attributes.isAtEnd else { return }
        var attribute = try attributes.next(tag: DERTag.sequence).children
        guard attributes.isAtEnd,
            try attribute.next(tag: DERTag.objectIdentifier).content.elementsEqual(Self.extensionRequest)
        else { throw DERFailure() }
        let values = try attribute.next(tag: DERTag.set)
        guard attribute.isAtEnd else { throw DERFailure() }
        var extensions = try DERCursor.only(values.content, tag: DERTag.sequence).children
        guard !extensions.isAtEnd else { return }
        var one = try extensions.next(tag: DERTag.sequence).children
        guard extensions.isAtEnd,
            try one.next(tag: DERTag.objectIdentifier).content.elementsEqual(Self.subjectAlternativeName)
        else { throw DERFailure() }
        _ = try one.nextIfPresent(tag: DERTag.boolean)
        names = try AlternativeName.list(try one.next(tag: DERTag.octetString).content)
        guard one.isAtEnd, names.count <= Self.maximumNames else { throw DERFailure() }
    }
}
