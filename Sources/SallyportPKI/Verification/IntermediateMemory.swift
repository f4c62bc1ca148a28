import Synchronization

/// Intermediates that have been on a good path: parsed, and with the key that is known to have signed them.
///
/// A signature that was right once is right for ever, so what is remembered here changes no answer, only what it costs.
/// Everything that depends on time, purpose or revocation is checked each time. Only certificates on a path that ended
/// in an anchor get in, so a stranger can neither fill the memory nor learn from it.
final class IntermediateMemory: Sendable {
    private struct Entry {
        let certificate: ParsedCertificate
        /// SubjectPublicKeyInfo of the issuer.
        let issuerKey: [UInt8]
    }

    private static let capacity = 128
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    func certificate(der: [UInt8]) -> ParsedCertificate? { entries.withLock { $0[der]?.certificate } }

    func knows(_ certificate: ParsedCertificate, signedBy issuer: ParsedCertificate) -> Bool {
        entries.withLock { $0[certificate.der]?.issuerKey } == issuer.envelope.publicKeyInfo
    }

    /// - Parameter path: leaf first, anchor last; every signature on it was checked.
    func remember(_ path: [ParsedCertificate]) {
        entries.withLock { entries in
            for (certificate, issuer) in zip(path.dropFirst(), path.dropFirst(2))
            where entries.count < Self.capacity && entries[certificate.der] == nil {
                entries[certificate.der] = Entry(
                    certificate: certificate, issuerKey: issuer.envelope.publicKeyInfo)
            }
        }
    }
}
