import SallyportConfig
import SallyportModel
import Synchronization

/// A certificate as an OCSP responder is asked about it.
package struct StatusQuestion: Sendable, Hashable {
    /// Name of the issuer, DER.
    let issuer: [UInt8]
    /// SubjectPublicKeyInfo of the issuer.
    let issuerKey: [UInt8]
    let serial: SerialNumber

    /// For people.
    package var text: String {
        "serial \(serial.text) of \(PrintableText.make(RawDistinguishedName.text(der: issuer), limit: 256))"
    }
}

/// A question with the responder that is to be asked.
package struct StatusInquiry: Sendable, Hashable {
    package let question: StatusQuestion
    package let url: String
}

/// What a responder said, verified.
package struct StatusAnswer: Sendable, Hashable {
    enum Verdict: Sendable, Hashable {
        case good
        case revoked(date: Int64, reason: RevocationReason)
        /// The responder does not know the certificate.
        case unknown
    }
    let verdict: Verdict
    /// Seconds since 1970.
    let thisUpdate: Int64
    let validUntil: Int64

    /// From half of its life on it is looked at every now and then, so that a newer answer is asked for in time.
    func lookAgain(after now: Int64) -> Int64 { min(validUntil, max(middle, now + Self.pause)) }
    var middle: Int64 { thisUpdate + (validUntil - thisUpdate) / 2 }
    /// Seconds.
    private static let pause: Int64 = 30

    package var isRevoked: Bool {
        if case .revoked = verdict { true } else { false }
    }
}

/// Answers of OCSP responders, and the questions that are still open.
///
/// Nobody waits here: a status that is not known yet is said to be unknown and noted as a question, and whoever runs
/// the gateway asks the responder in the background. Everything is bounded; what is not looked at is forgotten first.
package final class StatusAnswers: Sendable {
    private struct State {
        var younger: [StatusQuestion: StatusAnswer] = [:]
        var older: [StatusQuestion: StatusAnswer] = [:]
        /// Inquiries that nobody has taken yet.
        var open: Set<StatusInquiry> = []
        /// Taken and not answered.
        var underWay: Set<StatusQuestion> = []
        var failures: [StatusQuestion: Failure] = [:]
        var notify: (@Sendable () -> Void)?
    }

    private struct Failure {
        var why: String
        var count: Int
        var retryAt: Int64
    }

    private static let maximumOpen = 1024
    private static let maximumFailures = 1024
    /// Seconds between attempts after failures: doubled each time, up to an hour.
    private static let firstPause: Int64 = 5
    private static let longestPause: Int64 = 3600
    private let half: Int
    private let state = Mutex(State())

    /// - Parameter capacity: answers held at most.
    package init(capacity: Int = 16_384) { half = max(1, capacity / 2) }

    /// Told, on any thread, that there is a new question. It must return at once.
    package func onQuestion(_ notify: @escaping @Sendable () -> Void) {
        state.withLock { $0.notify = notify }
    }

    func status(
        of subject: StatusSubject, _ responder: AuthorityStatus.Responder, at now: Int64
    ) -> CertificateStatus {
        guard let serial = subject.serial else { return .unknown(why: "its serial number is not allowed") }
        let url: String? =
            switch responder {
            case .none: nil
            case .named: subject.responders.first
            case .url(let text): text
            }
        guard let url else { return .unknown(why: "the certificate names no OCSP responder") }
        let question = StatusQuestion(issuer: subject.issuer, issuerKey: subject.issuerKey, serial: serial)
        return status(StatusInquiry(question: question, url: url), at: now)
    }

    private func status(_ inquiry: StatusInquiry, at now: Int64) -> CertificateStatus {
        let (status, notify) = state.withLock { state -> (CertificateStatus, (@Sendable () -> Void)?) in
            let answer = answer(to: inquiry.question, &state)
            let isDue = answer.map { $0.middle <= now } ?? true
            let isNew = isDue && Self.ask(inquiry, &state, now)
            return (Self.status(answer, state.failures[inquiry.question]?.why, inquiry.url, now), isNew ? state.notify : nil)
        }
        notify?()
        return status
    }

    private static func status(_ answer: StatusAnswer?, _ failure: String?, _ url: String, _ now: Int64) -> CertificateStatus {
        let source = "the OCSP responder \(PrintableText.make(url, limit: 200))"
        switch answer {
        case let answer? where now <= answer.validUntil || answer.isRevoked:
            switch answer.verdict {
            case .good: return .good(until: answer.lookAgain(after: now))
            case .revoked(let date, let reason):
                return .revoked(Withdrawal(date: date, reason: reason, source: source))
            case .unknown: return .unknown(why: "\(source) does not know the certificate")
            }
        default:
            return .unknown(why: failure.map { "\(source) gave no answer: \($0)" } ?? "\(source) has not answered yet")
        }
    }

    /// What is to be asked now. The caller reports each of them with `record` or `fail`.
    package func take(at most: Int) -> [StatusInquiry] {
        state.withLock { state in
            let taken = Array(state.open.prefix(most))
            state.open.subtract(taken)
            state.underWay.formUnion(taken.map(\.question))
            return taken
        }
    }

    /// An answer never makes place for an older one.
    package func record(_ answer: StatusAnswer, to question: StatusQuestion) {
        state.withLock { state in
            state.underWay.remove(question)
            state.failures[question] = nil
            if let known = self.answer(to: question, &state), known.thisUpdate > answer.thisUpdate { return }
            insert(answer, for: question, &state)
        }
    }

    package func fail(_ question: StatusQuestion, _ why: String, at now: Int64) {
        state.withLock { state in
            state.underWay.remove(question)
            if state.failures.count >= Self.maximumFailures { state.failures = [:] }
            let count = (state.failures[question]?.count ?? 0) + 1
            let pause = min(Self.longestPause, Self.firstPause << Int64(min(count - 1, 10)))
            state.failures[question] = Failure(why: why, count: count, retryAt: now + Int64.random(in: pause / 2...pause))
        }
    }

    private static func ask(_ inquiry: StatusInquiry, _ state: inout State, _ now: Int64) -> Bool {
        guard !state.underWay.contains(inquiry.question), state.open.count < maximumOpen,
            state.failures[inquiry.question].map({ $0.retryAt <= now }) ?? true
        else { return false }
        return state.open.insert(inquiry).inserted
    }

    private func answer(to question: StatusQuestion, _ state: inout State) -> StatusAnswer? {
        if let answer = state.younger[question] { return answer }
        guard let answer = state.older.removeValue(forKey: question) else { return nil }
        insert(answer, for: question, &state)
        return answer
    }

    private func insert(_ answer: StatusAnswer, for question: StatusQuestion, _ state: inout State) {
        state.older[question] = nil
        state.younger[question] = answer
        guard state.younger.count >= half else { return }
        state.older = state.younger
        state.younger = [:]
    }
}
