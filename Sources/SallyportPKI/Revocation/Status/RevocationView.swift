import SallyportModel
import Synchronization

/// Everything that is known about withdrawn certificates at one moment. Immutable: what changes makes a new one.
package final class RevocationView: Sendable {
    package let denied: DenyList
    /// Serial numbers that the built-in authority's own registry, or a test, calls withdrawn; by authority.
    private let withdrawn: [String: Set<SerialNumber>]
    private let policies: [String: RevocationPolicy]
    private let lists: [String: ListIndex]
    private let answers: StatusAnswers

    /// Nothing is withdrawn and nothing is asked for.
    package static let none = RevocationView()

    /// - Parameters:
    ///   - withdrawn: serial numbers in hexadecimal, by authority.
    ///   - policies: by authority; one that has none needs no status.
    ///   - lists: by authority, with where they come from.
    package init(
        withdrawn: [String: Set<String>] = [:], denied: DenyList = .empty, policies: [String: RevocationPolicy] = [:],
        lists: [String: [(list: CertificateList, source: String)]] = [:], answers: StatusAnswers = StatusAnswers()
    ) {
        self.denied = denied
        self.withdrawn = withdrawn.mapValues { Set($0.compactMap(SerialNumber.init(hexadecimal:))) }
        self.policies = policies
        self.lists = Dictionary(
            uniqueKeysWithValues: lists.map { name, lists in
                (name, ListIndex(lists: lists, needsDelta: policies[name]?.hasDelta ?? false))
            })
        self.answers = answers
    }

    /// Whether every certificate of a verified path still counts.
    ///
    /// Costs a few look-ups for each certificate, however long the lists are.
    ///
    /// - Returns: when it is to be looked up again at the latest, seconds since 1970.
    /// - Throws: certificateRevoked, certificateDenied or certificateStatusUnknown.
    @discardableResult
    package func check(_ path: StatusPath, at now: Int64) throws(ChainRefusal) -> Int64 {
        if let (entry, met) = denied.match(path) {
            throw ChainRefusal(
                .certificateDenied,
                "\(met) is on the deny list: \(entry.text), since \(CertificateTime.text(entry.since)) (\(entry.reason.name))")
        }
        var until = Int64.max
        for subject in path.subjects {
            switch status(of: subject, authority: path.authority, at: now) {
            case .good(let end):
                until = min(until, end)
            case .revoked(let withdrawal):
                throw ChainRefusal(.certificateRevoked, "\(subject.description) has been revoked\(withdrawal.text)")
            case .unknown(let why):
                guard policies[path.authority]?.whenStatusUnknown == .allow else {
                    throw ChainRefusal(
                        .certificateStatusUnknown,
                        "whether \(subject.description) has been revoked is not known: \(why)")
                }
                until = min(until, now + CertificateStatus.doubtPause)
            }
        }
        return until
    }

    /// What `check` finds for each certificate, for an explanation.
    func text(_ path: StatusPath, at now: Int64) -> String {
        if let (entry, met) = denied.match(path) { return "\(met) is on the deny list: \(entry.text)" }
        return path.subjects.map { subject in
            switch status(of: subject, authority: path.authority, at: now) {
            case .good(.max): "\(subject.title): not withdrawn"
            case .good(let until): "\(subject.title): good until \(CertificateTime.text(until))"
            case .revoked(let withdrawal): "\(subject.title): revoked\(withdrawal.text)"
            case .unknown(let why): "\(subject.title): unknown, \(why)"
            }
        }.joined(separator: "; ")
    }

    /// A revocation counts from wherever it comes; a certificate is good when a list or a responder in force says so.
    func status(of subject: StatusSubject, authority: String, at now: Int64) -> CertificateStatus {
        if let serial = subject.serial, withdrawn[authority]?.contains(serial) == true {
            return .revoked(Withdrawal(date: nil, reason: .unspecified, source: "the registry of \(authority)"))
        }
        guard let policy = policies[authority] else { return .good(until: .max) }
        let listed = policy.hasLists ? listStatus(of: subject, authority, policy, now) : nil
        // Whoever is revoked by a list is not asked about.
        if let listed, case .revoked = listed { return listed }
        return CertificateStatus.combined([listed, responderStatus(of: subject, policy, now)].compactMap(\.self), at: now)
    }

    /// Nil when no list has to say anything: for an intermediate whose issuer's list is not configured. The peer's own
    /// certificate always needs one.
    private func listStatus(
        of subject: StatusSubject, _ authority: String, _ policy: RevocationPolicy, _ now: Int64
    ) -> CertificateStatus? {
        let pairs = lists[authority]?.pairs(issuer: subject.issuer) ?? []
        guard !pairs.isEmpty else {
            return subject.isAuthority ? nil : .unknown(why: "there is no revocation list of its issuer")
        }
        guard let serial = subject.serial else { return .unknown(why: "its serial number is not allowed") }
        var status: CertificateStatus?
        for pair in pairs {
            switch self.status(of: subject, serial, in: pair, policy, now) {
            case .revoked(let withdrawal): return .revoked(withdrawal)
            case .good(let until): status = .good(until: until)
            case .unknown(let why): status = status ?? .unknown(why: why)
            }
        }
        return status
    }

    /// What a list out of force says about a revocation still counts; what it does not say no longer does.
    private func status(
        of subject: StatusSubject, _ serial: SerialNumber, in pair: ListPair, _ policy: RevocationPolicy, _ now: Int64
    ) -> CertificateStatus {
        guard subject.issuerMaySignLists else {
            return .unknown(why: "the key usage of its issuer lacks cRLSign, so \(pair.base.title) does not count")
        }
        guard pair.isSigned(by: subject.issuerKey) else {
            return .unknown(why: "\(pair.base.title) (\(pair.source)) is not signed with the key of the issuer")
        }
        guard pair.base.scope.covers(isAuthority: subject.isAuthority, points: subject.distributionPoints) else {
            return .unknown(why: "\(pair.base.title) (\(pair.source)) covers other certificates")
        }
        if let entry = pair.entry(for: serial) {
            return .revoked(Withdrawal(date: entry.date, reason: entry.reason, source: pair.title(for: serial)))
        }
        if let words = pair.staleness(at: now, maximumAge: policy.maximumAge) {
            return .unknown(why: "\(words) (\(pair.source))")
        }
        guard !pair.base.scope.onlySomeReasons else {
            return .unknown(why: "\(pair.base.title) (\(pair.source)) has revocations for some reasons only")
        }
        return .good(until: pair.freshUntil(maximumAge: policy.maximumAge))
    }

    /// Nil when no responder has to be asked: only the peer's own certificate is looked up there.
    private func responderStatus(
        of subject: StatusSubject, _ policy: RevocationPolicy, _ now: Int64
    ) -> CertificateStatus? {
        guard policy.responder != .none, !subject.isAuthority else { return nil }
        return answers.status(of: subject, policy.responder, at: now)
    }
}

/// Where those who verify find the newest view. Its own lock is held for the copy of one reference.
package final class RevocationFeed: Sendable {
    private let newest: Mutex<RevocationView>

    package init(_ view: RevocationView = .none) { newest = Mutex(view) }

    package var view: RevocationView { newest.withLock { $0 } }

    package func publish(_ view: RevocationView) { newest.withLock { $0 = view } }
}
