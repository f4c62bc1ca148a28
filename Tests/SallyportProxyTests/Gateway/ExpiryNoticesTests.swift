import SallyportPKI
import Testing

@testable import SallyportProxy

@Suite struct ExpiryNoticesTests {
    private static let day: Int64 = 86_400

    private func lifetime(_ name: String, ends: Int64, renewsItself: Bool = false) -> CertificateLifetime {
        CertificateLifetime(
            use: .trust, name: name, source: "a.pem", subject: "CN=\(name)", names: [], notBefore: 0, notAfter: ends,
            renewsItself: renewsItself)
    }

    @Test func speaksOnceADayOfWhatEnds() {
        let notices = ExpiryNotices()
        let all = [
            lifetime("soon", ends: 100 * Self.day), lifetime("late", ends: 1000 * Self.day),
            lifetime("own", ends: 100 * Self.day, renewsItself: true),
        ]
        func names(_ day: Int64, _ seconds: Int64 = 0) -> [String] {
            notices.due(all, at: day * Self.day + seconds).map(\.name)
        }
        #expect(names(80) == [])
        #expect(names(91) == ["soon"])
        #expect(names(91, 30) == [] && names(91, 86_399) == [])
        #expect(names(92) == ["soon"])
        #expect(names(101) == ["soon", "own"], "what should have renewed itself has not")
        #expect(names(95) == ["soon"], "the clock was set back")
        #expect(notices.due(all + all, at: 200 * Self.day).count == 2)
    }

    @Test func forgetsWhatIsNotInUse() {
        let notices = ExpiryNotices()
        let one = lifetime("a", ends: Self.day)
        #expect(notices.due([one], at: 2 * Self.day) == [one])
        #expect(notices.due([], at: 2 * Self.day) == [])
        #expect(notices.due([one], at: 2 * Self.day) == [one])
    }
}
