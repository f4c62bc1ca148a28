/// The tracestate field (W3C Trace Context §3.3): what tracing systems on the way want to find again. The gateway passes
/// it on within bounds and takes nothing from it.
enum TraceState {
    /// Members of one list.
    static let mostMembers = 32
    /// Bytes that are passed on (§3.3.1.5 asks for at least 512).
    static let mostBytes = 1024

    /// The members of all lines as one list; nil when one of them is not good.
    static func read(_ lines: [ArraySlice<UInt8>]) -> String? {
        var members: [ArraySlice<UInt8>] = []
        for line in lines {
            for part in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                let member = trimmed(part)
                // An empty member is allowed and says nothing.
                if member.isEmpty { continue }
                guard members.count < mostMembers else { return nil }
                members.append(member)
            }
        }
        guard members.allSatisfy(isGood), hasDistinctKeys(members) else { return nil }
        let all = Array(members.joined(separator: [UInt8(ascii: ",")]))
        return all.count <= mostBytes ? String(decoding: all, as: UTF8.self) : nil
    }

    private static func trimmed(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        var rest = part.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    private static func isGood(_ member: ArraySlice<UInt8>) -> Bool {
        guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else { return false }
        let (key, value) = (member[..<equals], member[(equals + 1)...])
        guard let first = key.first, isLetterOrDigit(first), key.count <= 256, key.allSatisfy(isKeyByte) else { return false }
        return (1...256).contains(value.count) && value.allSatisfy(isValueByte)
    }

    private static func hasDistinctKeys(_ members: [ArraySlice<UInt8>]) -> Bool {
        let keys = members.map { Array($0.prefix { $0 != UInt8(ascii: "=") }) }
        return Set(keys).count == keys.count
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// `_ - * / @` as well (§3.3.1.3.1).
    private static func isKeyByte(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || [0x5F, 0x2D, 0x2A, 0x2F, 0x40].contains(byte)
    }

    /// Printable ASCII without comma and equals sign; a blank at the end was trimmed (§3.3.1.3.2).
    private static func isValueByte(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
    }
}
