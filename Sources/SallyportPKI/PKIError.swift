import SallyportModel

/// A failure around certificate files, keys or the state directory, told so that the reader can act on it.
///
/// Chains that peers present are refused with `ChainRefusal` instead. No secret ever goes into one of these.
package struct PKIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stable code; its `fix` is the general remedy.
    package let reason: Reason
    /// The file, block or name it is about.
    package let subject: String
    /// What exactly is wrong there.
    package let detail: String

    package init(_ reason: Reason, _ subject: String, _ detail: String) {
        self.reason = reason
        self.subject = subject
        self.detail = detail
    }

    /// `SP2254: /etc/x.pem: the key is P-256, the certificate says RSA. Fix: …`
    package var description: String {
        "\(reason.name): \(subject): \(detail). Fix: \(reason.fix)"
    }
}
