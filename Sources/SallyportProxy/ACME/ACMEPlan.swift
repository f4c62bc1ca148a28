import SallyportConfig
import SallyportPKI

/// A certificate that some listener of a generation wants from an ACME server, with all that ordering it takes.
struct ACMEPlan: Sendable {
    let identifier: ACMEStore.Identifier
    /// As in the file.
    let settings: ACMESettings
    let wish: ACMEWish

    /// Whether the operator has changed more than nothing about how it is had.
    func isSame(as other: ACMEPlan) -> Bool { identifier == other.identifier && settings == other.settings }
}

/// What `status` says about a certificate by ACME. Times are seconds since 1970.
package struct ACMEStatus: Sendable, Encodable, Equatable {
    package var names: [String]
    package var directory: String
    /// `waiting` for the first certificate, `ordering`, `valid`, or `expired`.
    package var state: String
    package var notAfter: Int64?
    /// When a new certificate is asked for, at the earliest.
    package var nextAttempt: Int64?
    /// Code and words of what went wrong last; nil once it went well.
    package var lastError: String?
}
