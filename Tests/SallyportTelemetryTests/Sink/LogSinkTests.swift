import Foundation
import Testing

@testable import SallyportTelemetry

@Suite struct LogSinkTests {
    private func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

    @Test func writesLinesInOrderAndFlushWaitsForThem() {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.output(), format: .text)
        for number in 0..<100 { sink.write(line: line("line \(number)")) }
        #expect(sink.flush())
        #expect(pipe.text() == (0..<100).map { "line \($0)\n" }.joined())
        sink.close()
    }

    @Test func aParkedThreadWakesUpForEachLine() throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.output(), format: .text, interval: .milliseconds(1))
        for number in 0..<20 {
            usleep(5000)
            sink.write(line: line("\(number)"))
            var seen = ""
            for _ in 0..<400 where seen.isEmpty {
                seen = pipe.text()
                usleep(5000)
            }
            #expect(seen == "\(number)\n")
        }
        sink.close()
    }

    @Test func countsWhatDoesNotFitAndSaysSo() throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.output(), format: .json)
        let long = line(String(repeating: "x", count: 1023))
        // Nobody reads, so the pipe fills, the thread stands, and then the queue fills.
        for _ in 0..<4000 { sink.write(line: long) }
        #expect(!sink.flush(limit: .milliseconds(50)))
        var text: [UInt8] = []
        for _ in 0..<5000 where text.last != UInt8(ascii: "\n") || !text.suffix(30).contains(UInt8(ascii: "}")) {
            text += Array(pipe.text().utf8)
            usleep(1000)
        }
        let lines = text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        let notices = lines.filter { $0.hasPrefix("{") }
        let object = try JSONSerialization.jsonObject(with: Data(notices[0].utf8)) as? [String: Any]
        let lost = try #require(object?["sallyport.log.lost"] as? Int)
        #expect(notices.count == 1)
        #expect(lost > 0)
        #expect(lines.count - 1 + lost == 4000)
        sink.close()
    }

    @Test func aBrokenPipeLosesLinesButNotTheProcess() {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.output(), format: .text)
        pipe.closeReader()
        for _ in 0..<10 {
            sink.write(line: line("into the void"))
            #expect(sink.flush())
        }
        sink.close()
    }

    @Test func aFullDiskIsOwnedUpToWhenThereIsRoomAgain() throws {
        let directory = try Scratch()
        let file = directory.path("later.log")
        let sink = try LogSink(.file("/dev/full"), format: .text)
        for _ in 0..<7 { sink.write(line: line("lost")) }
        #expect(sink.flush())
        try sink.redirect(to: .file(file))
        sink.write(line: line("kept"))
        #expect(sink.flush())
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("kept\n"))
        #expect(text.contains("log lines were lost sallyport.log.lost=7"))
        sink.close()
    }

    @Test func appendsToTheFileAndOpensItAnew() throws {
        let directory = try Scratch()
        let file = directory.path("access.log")
        try "before\n".write(toFile: file, atomically: false, encoding: .utf8)
        let sink = try LogSink(.file(file), format: .text)
        sink.write(line: line("one"))
        sink.flush()
        try FileManager.default.moveItem(atPath: file, toPath: file + ".1")
        sink.write(line: line("two"))
        sink.flush()
        try sink.redirect(to: .file(file))
        sink.write(line: line("three"))
        sink.flush()
        #expect(try String(contentsOfFile: file + ".1", encoding: .utf8) == "before\none\ntwo\n")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "three\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode.map { $0 & 0o137 } == 0)
        sink.close()
    }

    @Test func aFileThatCannotBeOpenedIsAnErrorWithTheFix() throws {
        let directory = try Scratch()
        #expect {
            _ = try LogSink(.file(directory.path("missing/access.log")), format: .json)
        } throws: { error in
            let words = "\(error)"
            return words.contains("missing/access.log") && words.contains("No such file")
                && words.contains("name another file")
        }
    }

    @Test func manyThreadsLoseNothing() async throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.output(), format: .text, interval: .milliseconds(1))
        let reading = Task {
            var count = 0
            while count < 4000 {
                count += pipe.text().count { $0 == "\n" }
                try await Task.sleep(for: .milliseconds(1))
            }
            return count
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask { for _ in 0..<1000 { sink.write(line: Array("\(number)\n".utf8)) } }
            }
        }
        #expect(try await reading.value == 4000)
        #expect(sink.flush())
        sink.close()
    }
}

/// A directory that goes away with the test.
final class Scratch {
    private let root: String

    init() throws {
        root = NSTemporaryDirectory() + "sallyport-telemetry-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    deinit {
        do { try FileManager.default.removeItem(atPath: root) } catch { print("left behind: \(root): \(error)") }
    }
}
