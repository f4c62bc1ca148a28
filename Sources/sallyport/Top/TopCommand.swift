import ArgumentParser
import Glibc

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "What the running gateway is doing, every second.",
        discussion: "Keys: s sorts by something else, q ends. Where there is no terminal, one look is printed.")

    @OptionGroup var state: StateOption
    @OptionGroup var json: JSONFlag

    private static let interval = Duration.seconds(1)

    func run() throws {
        let client = AdminClient(state: try state.locate())
        if json.isOn { return try client.ask(.status).show(asJSON: true) }
        let first = try look(client)
        guard let terminal = KeyTerminal.open() else { return try printOnce(client, since: first) }
        try watch(client, on: terminal, since: first)
    }

    private func look(_ client: AdminClient) throws(CommandFailure) -> (TopSnapshot, ContinuousClock.Instant) {
        let reply = try client.ask(.status)
        guard reply.status == 0, let json = reply.json else { throw CommandFailure(.failed, reply.messages) }
        return (try TopSnapshot(json: json), .now)
    }

    private func printOnce(_ client: AdminClient, since first: (TopSnapshot, ContinuousClock.Instant)) throws {
        sleep(1)
        let screen = try screen(look(client), since: first, .requests)
        Terminal.print(screen.lines(width: .max, height: .max).joined(separator: "\n"))
        Terminal.next("status" + state.repeated)
    }

    private func screen(
        _ now: (TopSnapshot, ContinuousClock.Instant), since before: (TopSnapshot, ContinuousClock.Instant),
        _ order: TopScreen.Order
    ) -> TopScreen {
        let length = (now.1 - before.1).components
        let seconds = Double(length.seconds) + Double(length.attoseconds) / 1e18
        return TopScreen(before: before.0, now: now.0, seconds: max(seconds, 0.001), order: order)
    }

    private func watch(
        _ client: AdminClient, on terminal: borrowing KeyTerminal, since first: (TopSnapshot, ContinuousClock.Instant)
    ) throws {
        var order = TopScreen.Order.requests
        var (before, now) = (first, first)
        while true {
            draw(screen(now, since: before, order), on: terminal)
            switch terminal.next(within: Self.left(until: now.1 + Self.interval)) {
            case .key(UInt8(ascii: "q")), .key(3), .key(4), .end: return
            case .key(UInt8(ascii: "s")): order = order.next
            case .key: continue
            case .none: (before, now) = (now, try look(client))
            }
        }
    }

    private func draw(_ screen: TopScreen, on terminal: borrowing KeyTerminal) {
        let (width, height) = terminal.size
        let lines = screen.lines(width: width, height: height - 1)
        terminal.draw(lines + ["q quits   s sorts, now by \(screen.order.rawValue)"])
    }

    private static func left(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = (deadline - .now).components
        return Int32(clamping: max(0, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000))
    }
}
