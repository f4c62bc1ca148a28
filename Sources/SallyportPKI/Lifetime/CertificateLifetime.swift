import SallyportModel

/// A certificate in use, and how much of its life is left: what `status`, `check --fail-if-expiring` and metrics say.
package struct CertificateLifetime: Sendable, Hashable {
    package enum Use: String, Sendable, Hashable, CaseIterable {
        /// Shown by a listener.
        case listener
        /// Shown to an upstream.
        case upstream
        /// A trust anchor.
        case trust
        /// Of the built-in authority.
        case authority
        /// Issued to a client by the built-in authority.
        case client
    }

    package let use: Use
    /// Of the listener, upstream, authority or client.
    package let name: String
    /// The file, or `built-in`.
    package let source: String
    /// RFC 4514 text, escaped and bounded.
    package let subject: String
    /// DNS names, addresses and URIs; empty for an authority.
    package let names: [String]
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64
    /// The gateway replaces it in time by itself.
    package let renewsItself: Bool

    package static let builtin = "built-in"

    package init(
        use: Use, name: String, source: String, subject: String, names: [String], notBefore: Int64, notAfter: Int64,
        renewsItself: Bool
    ) {
        self.use = use
        self.name = name
        self.source = source
        self.subject = subject
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.renewsItself = renewsItself
    }

    package init(_ certificate: ParsedCertificate, use: Use, name: String, source: String, renewsItself: Bool = false) {
        self.init(
            use: use, name: name, source: source, subject: PrintableText.make(certificate.subject, limit: 256),
            names: certificate.isAuthority ? [] : Self.names(of: certificate), notBefore: certificate.notBefore,
            notAfter: certificate.notAfter, renewsItself: renewsItself)
    }

    package init(_ record: IssuedRecord) {
        self.init(
            use: .client, name: record.name, source: Self.builtin, subject: "CN=\(record.name)",
            names: record.dnsNames + record.addresses + record.uris, notBefore: record.notBefore,
            notAfter: record.notAfter, renewsItself: false)
    }

    /// Share of its life that is left, 0 to 1.
    package func share(at now: Int64) -> Double {
        let life = Double(notAfter) - Double(notBefore)
        guard life > 0 else { return 0 }
        return min(1, max(0, (Double(notAfter) - Double(now)) / life))
    }

    /// Whole days, rounded down; negative once it has expired.
    package func daysLeft(at now: Int64) -> Int {
        Int(((Double(notAfter) - Double(now)) / 86_400).rounded(.down))
    }

    package func hasExpired(at now: Int64) -> Bool { now > notAfter }

    /// Whether it ends within `seconds`. One that renews itself counts only once it is late: less than a fifth is left.
    package func ends(within seconds: Int64, at now: Int64) -> Bool {
        let left = notAfter.subtractingReportingOverflow(now)
        let isSoon = !left.overflow && left.partialValue <= seconds
        return renewsItself ? isSoon && share(at: now) < 0.2 : isSoon
    }

    private static func names(of certificate: ParsedCertificate) -> [String] {
        do {
            let facts = try CertificateReader.facts(certificate)
            return facts.dnsNames + facts.addresses + facts.uris
        } catch {
            return []
        }
    }
}
