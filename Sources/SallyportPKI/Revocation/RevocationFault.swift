import SallyportModel

/// Why a revocation list, a status response or the deny list is not used. For the operator.
package struct RevocationFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: Reason
    /// Which rule, in the operator's words; text from outside in it is escaped and bounded.
    package let detail: String

    package init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    package var description: String { "\(reason.name): \(detail)" }
}

/// Bounds on what is read from a certificate authority.
package struct RevocationLimits: Sendable, Hashable {
    /// Of one revocation list in DER.
    package var listBytes: Int
    package var listEntries: Int
    /// Of one OCSP response.
    package var responseBytes: Int

    package init(listBytes: Int = 32 << 20, listEntries: Int = 1_000_000, responseBytes: Int = 64 << 10) {
        self.listBytes = listBytes
        self.listEntries = listEntries
        self.responseBytes = responseBytes
    }

    package static let `default` = RevocationLimits()
}
