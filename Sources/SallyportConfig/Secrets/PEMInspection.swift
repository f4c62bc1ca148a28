/// A first look at a PEM file: whether it can be read and which kinds of block it holds (RFC 7468). Whether their
/// content is good is found out by whoever uses them.
struct PEMInspection: Sendable {
    enum Outcome: Sendable {
        case unreadable(FileReadError)
        /// Labels of the blocks in their order, such as `CERTIFICATE`.
        case labels([String])
    }

    let outcome: Outcome

    /// A bundle of all public authorities has some 230 KiB.
    static let maximumSize = 1 << 20

    init(path: String, files: any FileReading) {
        do throws(FileReadError) {
            outcome = .labels(Self.labels(in: try files.read(path, limit: Self.maximumSize)))
        } catch {
            outcome = .unreadable(error)
        }
    }

    /// Only blocks that are closed count, so that a file cut off in the middle is noticed. A byte-order mark and blanks
    /// around a line do not matter, here as to whoever reads the content.
    static func labels(in bytes: [UInt8]) -> [String] {
        var labels: [String] = []
        var open: String?
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        for line in bytes[start...].split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            if let label = label(line, "-----BEGIN ") {
                open = label
            } else if let label = label(line, "-----END ") {
                if label == open { labels.append(label) }
                open = nil
            }
        }
        return labels
    }

    private static func label(_ line: ArraySlice<UInt8>, _ prefix: String) -> String? {
        let line = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard line.starts(with: prefix.utf8) else { return nil }
        let text = String(decoding: line.dropFirst(prefix.utf8.count), as: UTF8.self)
        guard let end = text.firstRange(of: "-----") else { return nil }
        return String(text[..<end.lowerBound])
    }
}
