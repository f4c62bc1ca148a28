import Testing

@testable import sallyport

@Suite struct PassedSocketsTests {
    @Test func whatSystemdWrites() throws {
        let passed = try PassedSockets(
            ["LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "api:gateway.socket:unknown"], process: 42)
        #expect(passed.count == 3)
        #expect(passed.names == ["api", nil, nil])
    }

    @Test func withoutNames() throws {
        let passed = try PassedSockets(["LISTEN_PID": "42", "LISTEN_FDS": "2"], process: 42)
        #expect(passed.names == [nil, nil])
    }

    @Test func nothingForThisProcess() throws {
        #expect(try PassedSockets([:], process: 42) == .none)
        #expect(try PassedSockets(["LISTEN_FDS": "2"], process: 42) == .none)
        #expect(try PassedSockets(["LISTEN_PID": "41", "LISTEN_FDS": "junk"], process: 42) == .none)
    }

    @Test(arguments: ["", " 1", "1 ", "+1", "-1", "0x1", "1e3", "1.0", "١", "1025", "99999999999999999999", "\u{0}1"])
    func numbersThatAreNone(text: String) {
        #expect(throws: CommandFailure.self) {
            try PassedSockets(["LISTEN_PID": "42", "LISTEN_FDS": text], process: 42)
        }
        if text != "1025" {
            #expect(throws: CommandFailure.self) {
                try PassedSockets(["LISTEN_PID": text, "LISTEN_FDS": "1"], process: 42)
            }
        }
    }

    @Test(arguments: ["", "a:b", ":", "a:", String(repeating: "x", count: 256)])
    func namesThatDoNotFit(text: String) {
        #expect(throws: CommandFailure.self) {
            try PassedSockets(["LISTEN_PID": "42", "LISTEN_FDS": "1", "LISTEN_FDNAMES": text], process: 42)
        }
    }

    @Test func theWatchdogIsForOneProcess() {
        #expect(ServiceManager.watchdogInterval(["WATCHDOG_USEC": "10000000"], process: 42) == .seconds(5))
        #expect(ServiceManager.watchdogInterval(["WATCHDOG_USEC": "10", "WATCHDOG_PID": "41"], process: 42) == nil)
        #expect(ServiceManager.watchdogInterval(["WATCHDOG_USEC": "0"], process: 42) == nil)
        #expect(ServiceManager.watchdogInterval(["WATCHDOG_USEC": "soon"], process: 42) == nil)
        #expect(ServiceManager.watchdogInterval([:], process: 42) == nil)
    }
}
