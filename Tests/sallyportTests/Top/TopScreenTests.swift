import Testing

@testable import sallyport

@Suite struct TopScreenTests {
    private func snapshot(_ requests: Int, _ routes: String) throws -> TopSnapshot {
        try TopSnapshot(
            json: """
                {"generation":3,"draining":false,"requests":\(requests),"handshakes":0,"refusedHandshakes":0,
                "requestRates":[0,5,10],"routes":[\(routes)],"edge":{"connections":2,"connectionLimit":100,"memoryUsed":0,
                "memoryBudget":0,"waitingRequests":0,"refused":[]},
                "upstreams":[{"name":"orders","requestsUnderWay":1,"pending":0,"circuitOpen":true,
                "targets":[{"state":"down"},{"state":"healthy"}]}],"unknown":1}
                """)
    }

    private func route(_ name: String, _ requests: Int, errors: Int = 0, bucket: Int = 0) -> String {
        let durations = (0..<14).map { $0 == bucket ? "\(requests)" : "0" }.joined(separator: ",")
        return """
            {"name":"\(name)","requests":\(requests),"clientErrors":0,"serverErrors":\(errors),"durations":[\(durations)]}
            """
    }

    @Test func ratesAreOfTheTimeBetween() throws {
        let screen = TopScreen(
            before: try snapshot(100, route("a", 90)),
            now: try snapshot(200, [route("a", 100), route("b", 90, errors: 2, bucket: 5)].joined(separator: ",")),
            seconds: 2)
        #expect(screen.rows.map(\.name) == ["b", "a"])
        #expect(screen.rows.map(\.requests) == [45, 5])
        #expect(screen.rows[0].serverErrors == 1)
        #expect((10_000...25_000).contains(try #require(screen.rows[0].slowest)))
        #expect((0...500).contains(try #require(screen.rows[1].median)))
        let text = screen.lines(width: 200, height: 50).joined(separator: "\n")
        #expect(text.contains("50/s") && text.contains("▁▄█") && text.contains("1/2  FULL"))
    }

    @Test func everyOrderIsReached() throws {
        let now = try snapshot(1, [route("a", 1, bucket: 9), route("b", 5), route("c", 2, errors: 2)].joined(separator: ","))
        var screen = TopScreen(before: try snapshot(0, ""), now: now, seconds: 1)
        var found: [String] = []
        for _ in TopScreen.Order.allCases {
            found.append(screen.rows.map(\.name).joined())
            screen.order = screen.order.next
        }
        #expect(found == ["bca", "cab", "abc", "abc"])
        #expect(screen.order == .requests)
    }

    @Test func aRestartedGatewayIsNotCountedBackwards() throws {
        let screen = TopScreen(before: try snapshot(100, route("a", 90)), now: try snapshot(1, route("a", 1)), seconds: 1)
        #expect(screen.rows[0].requests == 0)
        #expect(screen.rows[0].median == nil)
    }

    @Test(arguments: [(1, 1), (20, 3), (0, 0)]) func theScreenIsNeverExceeded(_ width: Int, _ height: Int) throws {
        let screen = TopScreen(before: try snapshot(0, ""), now: try snapshot(1, route("a", 1)), seconds: 1)
        let lines = screen.lines(width: width, height: height)
        #expect(lines.count <= max(1, height) && lines.allSatisfy { $0.count <= max(1, width) })
    }

    @Test func sparklines() {
        #expect(Sparkline.text([]).isEmpty)
        #expect(Sparkline.text([0, 0]) == "▁▁")
        #expect(Sparkline.text([0, 1, 8, 4]) == "▁▁█▄")
    }
}
