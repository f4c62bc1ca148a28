import SallyportPKI
import Synchronization

/// Decides of which certificates the log speaks: those that have ended or are in the last tenth of their life, once a
/// day each. What renews itself is spoken of once it has ended.
final class ExpiryNotices: Sendable {
    /// When each was spoken of, seconds since 1970.
    private let said = Mutex<[CertificateLifetime: Int64]>([:])
    private static let day: Int64 = 86_400

    /// - Parameters:
    ///   - lifetimes: everything in use.
    ///   - now: seconds since 1970.
    func due(_ lifetimes: [CertificateLifetime], at now: Int64) -> [CertificateLifetime] {
        said.withLock { said in
            let known = Set(lifetimes)
            said = said.filter { known.contains($0.key) }
            var due: [CertificateLifetime] = []
            for lifetime in lifetimes where Self.isWorthAWord(lifetime, at: now) && !due.contains(lifetime) {
                if let last = said[lifetime], last <= now, now - last < Self.day { continue }
                said[lifetime] = now
                due.append(lifetime)
            }
            return due
        }
    }

    private static func isWorthAWord(_ lifetime: CertificateLifetime, at now: Int64) -> Bool {
        lifetime.hasExpired(at: now) || !lifetime.renewsItself && lifetime.share(at: now) < 0.1
    }
}
