import SallyportModel

/// A certificate for people and for scripts: `cert inspect` and `cert list`.
package struct CertificateDescription: Sendable {
    package let certificate: ParsedCertificate

    package init(_ certificate: ParsedCertificate) { self.certificate = certificate }

    /// Several lines, no trailing newline.
    package func text(at now: Int64) -> String { "" }
    /// One JSON object.
    package func json(at now: Int64) -> String { "{}" }

    /// `cert list` as an aligned table with a heading.
    package static func table(_ records: [IssuedRecord], at now: Int64) -> String { "" }
    /// `cert list --json`: one array.
    package static func json(_ records: [IssuedRecord], at now: Int64) -> String { "[]" }
}
