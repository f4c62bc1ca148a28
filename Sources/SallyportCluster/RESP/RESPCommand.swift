/// A command, as an array of bulk values.
package struct RESPCommand: Sendable, Hashable {
    package var words: [[UInt8]]

    package init(_ words: [[UInt8]]) { self.words = words }
    package init(_ words: String...) { self.words = words.map { Array($0.utf8) } }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.reduce(16) { $0 + $1.count + 16 })
        Self.append("*", words.count, to: &bytes)
        for word in words {
            Self.append("$", word.count, to: &bytes)
            bytes += word
            bytes += [0x0D, 0x0A]
        }
        return bytes
    }

    private static func append(_ type: String, _ count: Int, to bytes: inout [UInt8]) {
        bytes += Array("\(type)\(count)\r\n".utf8)
    }
}
