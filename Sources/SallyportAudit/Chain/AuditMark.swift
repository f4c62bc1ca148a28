/// The high-water mark: the newest checkpoint of this gateway in one line of fixed length, kept in a file beside the
/// database. It tells a chain whose end was cut off, which no chain can tell of itself.
package enum AuditMark {
    /// Bytes of the line.
    package static let length = 288

    package static func line(_ mark: AuditCheckpoint) -> [UInt8] {
        let words = [
            "mark1", String(mark.head.sequence), mark.head.hash.description, String(mark.time), mark.key,
            mark.signatureText,
        ]
        let text = Array(words.joined(separator: " ").utf8)
        // Longest: 5 + 19 + 64 + 19 + 16 + 128 and five spaces.
        return text + [UInt8](repeating: UInt8(ascii: " "), count: max(0, length - 1 - text.count)) + [UInt8(ascii: "\n")]
    }

    /// - Returns: nil for what is no mark. Whether its signature is good is for the caller to ask.
    package static func read(_ line: [UInt8]) -> AuditCheckpoint? {
        guard line.count == length, let text = String(validating: line, as: UTF8.self) else { return nil }
        let words = text.dropLast().split(separator: " ")
        guard words.count == 6, words[0] == "mark1", let sequence = Int64(words[1]), sequence >= 0,
            let hash = AuditHash(hexadecimal: words[2]), let time = Int64(words[3]), words[4].utf8.count == 16
        else { return nil }
        let digits = words[5].utf8.compactMap { CanonicalWriter.digits.firstIndex(of: $0) }
        guard digits.count == 128, words[5].utf8.count == 128 else { return nil }
        let signature = stride(from: 0, to: 128, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        return AuditCheckpoint(
            kind: .mark, head: AuditHead(sequence: sequence, hash: hash), time: time, key: String(words[4]),
            signature: signature)
    }
}
