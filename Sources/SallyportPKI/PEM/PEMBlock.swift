import SallyportModel

/// One `-----BEGIN LABEL-----` block (RFC 7468).
package struct PEMBlock: Sendable, Hashable {
    package static let certificate = "CERTIFICATE"

    package let label: String
    package let der: [UInt8]
    /// Line of BEGIN in the file, from 1.
    package let line: Int

    /// Blocks of 64-character lines, each ended by a newline.
    package static func encode(_ der: [[UInt8]], label: String) -> String {
        der.map { block in
            let text = Base64.encode(block)
            let lines = stride(from: 0, to: text.count, by: 64).map { start in
                String(decoding: text[start..<min(start + 64, text.count)], as: UTF8.self)
            }
            return (["-----BEGIN \(label)-----"] + lines + ["-----END \(label)-----", ""]).joined(separator: "\n")
        }.joined()
    }

    /// All blocks of a text. Lines end in LF or CRLF and may have blanks around them; a byte-order mark is skipped.
    ///
    /// Text between blocks is a comment, as other tools write it. A line that begins with five dashes is never one:
    /// where it does not open or close a block as it should, the whole text is refused.
    package static func parse(_ text: [UInt8], source: String) throws(PKIError) -> [PEMBlock] {
        var reader = PEMReader(source: source)
        let start = text.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        for line in text[start...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            try reader.read(line)
        }
        return try reader.finish()
    }
}

/// Reads PEM line by line: between blocks, or inside one.
private struct PEMReader {
    let source: String
    private var lineNumber = 0
    private var blocks: [PEMBlock] = []
    private var open: (label: String, line: Int, text: [UInt8])?

    init(source: String) { self.source = source }

    mutating func read(_ rawLine: ArraySlice<UInt8>) throws(PKIError) {
        lineNumber += 1
        let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
        let line = rawLine.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed()
        if line.starts(with: "-----".utf8) {
            try readBoundary(String(decoding: line, as: UTF8.self))
        } else if open != nil {
            guard !line.contains(UInt8(ascii: ":")) else {
                throw failure(.privateKeyUnusable, "the block has header lines, so its content is encrypted")
            }
            open?.text += line
        }
    }

    func finish() throws(PKIError) -> [PEMBlock] {
        if let open { throw failure(.pemMalformed, "the block \(open.label) of line \(open.line) has no END line") }
        return blocks
    }

    private mutating func readBoundary(_ line: String) throws(PKIError) {
        if let label = Self.label(of: line, after: "-----BEGIN ") {
            if let open { throw failure(.pemMalformed, "a block begins inside the block of line \(open.line)") }
            open = (label, lineNumber, [])
        } else if let block = open, Self.label(of: line, after: "-----END ") == block.label {
            guard let der = Base64.decode(block.text), !der.isEmpty else {
                throw failure(.pemMalformed, "the block \(block.label) of line \(block.line) is not base64")
            }
            blocks.append(PEMBlock(label: block.label, der: der, line: block.line))
            open = nil
        } else {
            throw failure(.pemMalformed, "this line neither opens nor closes a block as it should")
        }
    }

    private static func label(of line: String, after start: String) -> String? {
        guard line.hasPrefix(start), line.hasSuffix("-----"), line.utf8.count > start.utf8.count + 5 else { return nil }
        let label = line.dropFirst(start.count).dropLast(5)
        let isPlain = label.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: " ") }
        return isPlain && label.utf8.count <= 64 ? String(label) : nil
    }

    private func failure(_ reason: Reason, _ detail: String) -> PKIError {
        PKIError(reason, "\(source):\(lineNumber)", detail)
    }
}
