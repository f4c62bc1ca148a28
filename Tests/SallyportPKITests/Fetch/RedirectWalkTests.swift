import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct RedirectWalkTests {
    private func walk(
        from url: String, _ method: FetchRequest.Method = .get, redirects: Int = 5
    ) throws -> RedirectWalk {
        RedirectWalk(FetchRequest(method, try #require(FetchURL(url)), bounds: FetchBounds(redirects: redirects)))
    }

    private func redirect(_ walk: RedirectWalk, to location: String?, status: Int = 302) -> FetchResponse {
        FetchResponse(status: status, fields: location.map { [("location", $0)] } ?? [], url: walk.url)
    }

    @Test(arguments: [301, 302, 303, 307, 308]) func redirectsAreFollowed(status: Int) throws {
        var walk = try walk(from: "http://a/")
        guard case .again = try walk.next(after: redirect(walk, to: "https://b/c", status: status), from: "1.1.1.1")
        else { return #expect(Bool(false)) }
        #expect(walk.url.text == "https://b/c")
    }

    @Test(arguments: [200, 204, 300, 304, 305, 306, 404]) func otherAnswersEndTheWalk(status: Int) throws {
        var walk = try walk(from: "http://a/")
        guard case .done = try walk.next(after: redirect(walk, to: "http://b/", status: status), from: "1.1.1.1")
        else { return #expect(Bool(false)) }
    }

    @Test func aPostIsNeverSentElsewhere() throws {
        var walk = try walk(from: "http://a/", .post)
        guard case .done = try walk.next(after: redirect(walk, to: "http://b/", status: 307), from: "1.1.1.1")
        else { return #expect(Bool(false)) }
        #expect(walk.url.text == "http://a/")
    }

    @Test(arguments: ["http://b/", "ftp://b/", "file:///etc/passwd", "http:", "gopher://b:70/", "b"])
    func notEveryRedirectIsFollowed(location: String) throws {
        var walk = try walk(from: "https://a/")
        let error = #expect(throws: FetchFailure.self) {
            try walk.next(after: redirect(walk, to: location), from: "1.1.1.1")
        }
        #expect(error?.reason == .fetchRedirectRefused)
    }

    @Test func noMoreThanAsked() throws {
        var walk = try walk(from: "http://a/", redirects: 900)
        for step in 1...5 { _ = try walk.next(after: redirect(walk, to: "/\(step)"), from: "127.0.0.1") }
        #expect(throws: FetchFailure.self) { try walk.next(after: redirect(walk, to: "/6"), from: "127.0.0.1") }
    }

    /// The URL that the operator wrote may lead anywhere, a redirect not into a narrower network, in any number of steps.
    @Test func aRedirectDoesNotLeadInwards() throws {
        var walk = try walk(from: "http://a/")
        #expect(walk.admits(address: "127.0.0.1"))
        _ = try walk.next(after: redirect(walk, to: "http://b/"), from: "8.8.8.8")
        for address in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fe80::1", "::ffff:127.0.0.1", "unknown"] {
            #expect(!walk.admits(address: address), "\(address)")
        }
        #expect(walk.admits(address: "9.9.9.9"))
        _ = try walk.next(after: redirect(walk, to: "http://c/"), from: "9.9.9.9")
        #expect(!walk.admits(address: "192.168.0.1"))
    }

    @Test func withinANetworkItMayLead() throws {
        var walk = try walk(from: "http://a/")
        _ = try walk.next(after: redirect(walk, to: "http://b/"), from: "127.0.0.1")
        #expect(walk.admits(address: "127.0.0.1"))
        #expect(walk.admits(address: "8.8.8.8"))
    }
}
