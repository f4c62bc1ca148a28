import SallyportModel
import Synchronization

/// A complete list with the newest delta list to it, ready for look-ups.
///
/// Nothing is merged: a look-up asks the delta first, so a new delta costs nothing however long the complete list is.
struct ListPair: Sendable {
    let base: CertificateList
    /// Applies to `base`; the initialiser of `ListIndex` sees to it.
    let delta: CertificateList?
    /// A delta is configured, so without a current one the complete list alone does not say that a certificate is good.
    let needsDelta: Bool
    /// Where the lists come from, for people.
    let source: String
    private let keys: ProvedKeys

    init(base: CertificateList, delta: CertificateList? = nil, needsDelta: Bool = false, source: String) {
        self.base = base
        self.delta = delta
        self.needsDelta = needsDelta
        self.source = source
        keys = ProvedKeys()
    }

    /// RFC 5280 section 5.2.4: same issuer, key and scope; the base is at least as new as the delta asks for, and older
    /// than the delta.
    static func isApplicable(_ delta: CertificateList, to base: CertificateList) -> Bool {
        guard let from = delta.baseNumber, !base.isDelta, !base.number.isEmpty else { return false }
        return delta.issuer == base.issuer && delta.issuerKeyIdentifier == base.issuerKeyIdentifier
            && delta.scope == base.scope && !CertificateList.isLess(base.number, from)
            && !CertificateList.isLess(delta.number, base.number)
    }

    /// Nil when the serial number is not withdrawn.
    func entry(for serial: SerialNumber) -> RevokedEntry? {
        guard let change = delta?.entries[serial] else { return base.entries[serial] }
        return change.reason == .removeFromCRL ? nil : change
    }

    /// Whether both lists are signed with this key. Checked once for a key, then remembered.
    func isSigned(by publicKeyInfo: [UInt8]) -> Bool {
        keys.isProved(publicKeyInfo) {
            base.proof.isMade(by: publicKeyInfo) && delta?.proof.isMade(by: publicKeyInfo) != false
        }
    }

    /// Nil when the pair may say that a certificate is good; else why not.
    func staleness(at now: Int64, maximumAge: Int64?) -> String? {
        if let words = base.staleness(at: now, maximumAge: maximumAge) { return "\(base.title): \(words)" }
        guard needsDelta else { return nil }
        guard let delta else { return "there is no delta list to \(base.title)" }
        return delta.staleness(at: now, maximumAge: maximumAge).map { "\(delta.title): \($0)" }
    }

    func freshUntil(maximumAge: Int64?) -> Int64 {
        min(base.freshUntil(maximumAge: maximumAge), delta?.freshUntil(maximumAge: maximumAge) ?? .max)
    }

    /// The list that speaks for this serial number.
    func title(for serial: SerialNumber) -> String {
        "\((delta?.entries[serial] == nil ? base : delta ?? base).title) (\(source))"
    }
}

/// Which keys were found to have signed a list, and which not.
private final class ProvedKeys: Sendable {
    private static let capacity = 16
    private let known = Mutex<[[UInt8]: Bool]>([:])

    func isProved(_ key: [UInt8], _ check: () -> Bool) -> Bool {
        if let answer = known.withLock({ $0[key] }) { return answer }
        let answer = check()
        known.withLock { if $0.count < Self.capacity { $0[key] = answer } }
        return answer
    }
}

/// The lists of one authority by the name of their issuer.
struct ListIndex: Sendable {
    private let pairs: [[UInt8]: [ListPair]]

    static let empty = ListIndex(lists: [], needsDelta: false)

    /// - Parameters:
    ///   - lists: complete and delta lists with where they come from; of one series the newest counts.
    ///   - needsDelta: a source of delta lists is configured.
    init(lists: [(list: CertificateList, source: String)], needsDelta: Bool) {
        let newest = Self.newest(lists)
        let deltas = newest.filter(\.list.isDelta)
        var pairs: [[UInt8]: [ListPair]] = [:]
        for (base, source) in newest where !base.isDelta {
            let delta = deltas.first { ListPair.isApplicable($0.list, to: base) }
            pairs[base.issuer, default: []].append(
                ListPair(
                    base: base, delta: delta?.list, needsDelta: needsDelta,
                    source: [source, delta?.source].compactMap(\.self).joined(separator: " and ")))
        }
        self.pairs = pairs
    }

    func pairs(issuer: [UInt8]) -> [ListPair] { pairs[issuer] ?? [] }

    private static func newest(
        _ lists: [(list: CertificateList, source: String)]
    ) -> [(list: CertificateList, source: String)] {
        var newest: [(list: CertificateList, source: String)] = []
        for candidate in lists {
            if let index = newest.firstIndex(where: { $0.list.isOfSameSeries(as: candidate.list) }) {
                if newest[index].list.isOlder(than: candidate.list) { newest[index] = candidate }
            } else {
                newest.append(candidate)
            }
        }
        return newest
    }
}
