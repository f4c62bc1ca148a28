import Crypto
import SallyportModel
import SwiftASN1
import X509

/// What it takes to look up the status of one certificate of a verified path.
struct StatusSubject: Sendable {
    let title: String
    let serial: SerialNumber?
    /// Name of the issuer, DER.
    let issuer: [UInt8]
    /// SubjectPublicKeyInfo of the issuer.
    let issuerKey: [UInt8]
    /// The issuer's key usage, if it has one, includes cRLSign.
    let issuerMaySignLists: Bool
    /// SHA-256 of the SubjectPublicKeyInfo.
    let keyFingerprint: [UInt8]
    let isAuthority: Bool
    /// GeneralNames of cRLDistributionPoints, as they are encoded.
    let distributionPoints: [[UInt8]]
    /// `http` URLs of OCSP responders that the certificate names.
    let responders: [String]
    /// URI names; a SPIFFE ID is one of them.
    let uris: [String]

    init(_ certificate: ParsedCertificate, issuer authority: ParsedCertificate) {
        title = PrintableText.make(certificate.subject.isEmpty ? "(no subject)" : certificate.subject, limit: 256)
        serial = SerialNumber(certificate.envelope.serial)
        issuer = certificate.envelope.issuer
        issuerKey = authority.envelope.publicKeyInfo
        issuerMaySignLists = authority.extensions.keyUsage?.cRLSign ?? true
        keyFingerprint = Array(SHA256.hash(data: certificate.envelope.publicKeyInfo))
        isAuthority = certificate.isAuthority
        let extensions = certificate.certificate.extensions
        distributionPoints = Self.points(extensions[oid: .cRLDistributionPoints]?.value)
        responders = Self.responders(extensions)
        uris = (certificate.extensions.alternativeNames ?? []).compactMap { name in
            if case .uri(let bytes) = name { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
    }

    /// `CN=alice (serial 0A1B)`
    var description: String { "\(title) (serial \(serial?.text ?? "?"))" }

    private static let maximumNames = 32

    /// None for an extension that cannot be read: then no list of a part of the certificates covers this one.
    private static func points(_ extensionValue: ArraySlice<UInt8>?) -> [[UInt8]] {
        guard let extensionValue else { return [] }
        do {
            var points = try DERCursor.only(extensionValue, tag: DERTag.sequence).children
            var names: [[UInt8]] = []
            while !points.isAtEnd, names.count < maximumNames {
                var fields = try points.next(tag: DERTag.sequence).children
                let name = try fields.nextIfPresent(tag: 0xa0)
                // With other fields the point is for some reasons, or of another issuer.
                guard fields.isAtEnd, let name, name.content.first == 0xa0 else { continue }
                names += try IssuingDistributionPoint.fullName(name.content)
            }
            return names
        } catch {
            return []
        }
    }

    private static func responders(_ extensions: Certificate.Extensions) -> [String] {
        do {
            let access = try extensions.authorityInformationAccess ?? AuthorityInformationAccess([])
            return access.prefix(maximumNames).compactMap { description in
                guard description.method == .ocspServer, case .uniformResourceIdentifier(let text) = description.location,
                    text.lowercased().hasPrefix("http://"), text.utf8.count <= 2048
                else { return nil }
                return text
            }
        } catch {
            return []
        }
    }
}

/// A verified path as its status is looked up, again and again without the certificates.
package struct StatusPath: Sendable {
    /// The name in `pki.authorities`.
    let authority: String
    /// Leaf first, anchor left out.
    let subjects: [StatusSubject]
    /// SHA-256 of the anchor's SubjectPublicKeyInfo.
    let anchorKeyFingerprint: [UInt8]

    /// Name of the leaf's issuer, DER.
    package var leafIssuer: [UInt8]? { subjects.first?.issuer }
}

extension StatusPath {
    /// - Parameter path: leaf first, its issuer next, the last one issued by the anchor.
    init(_ path: [ParsedCertificate], authority: String, anchor: ParsedCertificate) {
        self.authority = authority
        subjects = zip(path, path.dropFirst() + [anchor]).map(StatusSubject.init)
        anchorKeyFingerprint = Array(SHA256.hash(data: anchor.envelope.publicKeyInfo))
    }
}

extension ASN1ObjectIdentifier {
    static let cRLDistributionPoints: ASN1ObjectIdentifier = [2, 5, 29, 31]
}
