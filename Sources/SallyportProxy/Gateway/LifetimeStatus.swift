import SallyportPKI

/// How much of a certificate's life is left, as `status --json` says it.
package struct LifetimeStatus: Sendable, Encodable {
    /// `listener`, `upstream`, `trust` or `authority`.
    package var use: String
    /// Of the listener, upstream or authority.
    package var name: String
    /// The file, or `built-in`.
    package var source: String
    package var subject: String
    package var names: [String]
    /// Seconds since 1970.
    package var notBefore: Int64
    package var notAfter: Int64
    /// Share of its life that is left, 0 to 1.
    package var share: Double
    /// Whole days; negative once it has expired.
    package var daysLeft: Int
    package var renewsItself: Bool

    package init(_ lifetime: CertificateLifetime, at now: Int64) {
        use = lifetime.use.rawValue
        name = lifetime.name
        source = lifetime.source
        subject = lifetime.subject
        names = lifetime.names
        notBefore = lifetime.notBefore
        notAfter = lifetime.notAfter
        share = (lifetime.share(at: now) * 1000).rounded() / 1000
        daysLeft = lifetime.daysLeft(at: now)
        renewsItself = lifetime.renewsItself
    }
}
