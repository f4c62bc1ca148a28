import SallyportModel

/// What to tell the operator about a file that can be used all the same.
package struct CertificateFinding: Sendable, Hashable {
    package let reason: Reason
    /// The file.
    package let source: String
    /// One sentence without a full stop. Text from certificates in it is escaped.
    package let detail: String

    /// For logs: `pki/ca.pem: CN=Old is not trusted; it expired at …`
    package var text: String { "\(source): \(detail)" }
}
