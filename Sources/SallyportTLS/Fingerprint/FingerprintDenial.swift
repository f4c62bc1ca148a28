import SallyportConfig
import SallyportModel

/// The fingerprints that a TLS profile refuses in the ClientHello.
package struct FingerprintDenial: Sendable, Hashable {
    private let ja4: Set<String>
    private let ja3: Set<String>

    package init(_ denied: DeniedFingerprints) {
        ja4 = Set(denied.ja4)
        ja3 = Set(denied.ja3)
    }

    /// Nothing is refused, so nothing has to be computed for it.
    package var isEmpty: Bool { ja4.isEmpty && ja3.isEmpty }

    /// Why this client is refused; nil when it is not.
    package func fault(for fingerprint: ClientFingerprint) -> HelloFault? {
        if ja4.contains(fingerprint.ja4) {
            return HelloFault(.clientFingerprintDenied, "`deny.ja4` of the TLS profile names its JA4")
        }
        if ja3.contains(fingerprint.ja3) {
            return HelloFault(.clientFingerprintDenied, "`deny.ja3` of the TLS profile names its JA3")
        }
        return nil
    }
}
