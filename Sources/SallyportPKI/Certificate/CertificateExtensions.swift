import SallyportModel
import SwiftASN1
import X509

/// The extensions of a certificate, decoded once (RFC 5280 section 4.2).
struct CertificateExtensions: Sendable {
    let basicConstraints: BasicConstraints?
    let keyUsage: KeyUsage?
    let extendedKeyUsage: [ExtendedKeyUsage.Usage]?
    let alternativeNames: [AlternativeName]?
    let nameConstraints: NameConstraintSubtrees?
    let subjectKeyIdentifier: [UInt8]?
    let authorityKeyIdentifier: AuthorityKeyIdentifier?
    let hasPolicyConstraints: Bool
    /// Object identifiers of critical extensions, dotted.
    let critical: Set<ASN1ObjectIdentifier>

    init(_ extensions: Certificate.Extensions) throws(ChainRefusal) {
        critical = Set(extensions.filter(\.critical).map(\.oid))
        hasPolicyConstraints = extensions[oid: .policyConstraints] != nil
        basicConstraints = try Self.decode("basicConstraints") { try extensions.basicConstraints }
        keyUsage = try Self.decode("keyUsage") { try extensions.keyUsage }
        extendedKeyUsage = try Self.decode("extendedKeyUsage") { try extensions.extendedKeyUsage.map(Array.init) }
        subjectKeyIdentifier = try Self.decode("subjectKeyIdentifier") {
            try extensions.subjectKeyIdentifier.map { Array($0.keyIdentifier) }
        }
        authorityKeyIdentifier = try Self.decode("authorityKeyIdentifier") { try extensions.authorityKeyIdentifier }
        alternativeNames = try Self.decode("subjectAltName") {
            try extensions[oid: .X509ExtensionID.subjectAlternativeName].map { try AlternativeName.list($0.value) }
        }
        nameConstraints = try Self.decode("nameConstraints") {
            try extensions[oid: .X509ExtensionID.nameConstraints].map { try NameConstraintSubtrees(der: $0.value) }
        }
        let access = try Self.decode("authorityInfoAccess") { try extensions.authorityInformationAccess }
        guard access?.isEmpty != true, extendedKeyUsage?.isEmpty != true, subjectKeyIdentifier?.isEmpty != true,
            (pathLength ?? 0) >= 0
        else { throw ChainRefusal(.certificateExtensionInvalid, "an extension that lists things lists nothing") }
    }

    var isAuthority: Bool {
        if case .isCertificateAuthority = basicConstraints { true } else { false }
    }

    /// pathLenConstraint.
    var pathLength: Int? {
        if case .isCertificateAuthority(let length) = basicConstraints { length } else { nil }
    }

    private static func decode<Value>(
        _ name: StaticString, _ read: () throws -> Value
    ) throws(ChainRefusal) -> Value {
        do {
            return try read()
        } catch {
            throw ChainRefusal(.certificateExtensionInvalid, "\(name) cannot be decoded")
        }
    }
}

extension ASN1ObjectIdentifier {
    static let policyConstraints: ASN1ObjectIdentifier = [2, 5, 29, 36]
    static let certificatePolicies: ASN1ObjectIdentifier = [2, 5, 29, 32]
}
