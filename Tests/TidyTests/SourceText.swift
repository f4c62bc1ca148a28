/// Swift source in which comments and the contents of string literals are replaced by spaces, so that what is left
/// is code. Line ends stay where they are.
struct SourceText {
    let code: [UInt8]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        code = scanner.blanked()
    }

    /// The number of the line, from 1, that holds this place.
    func line(of place: Int) -> Int {
        1 + code[..<place].count { $0 == UInt8(ascii: "\n") }
    }

    /// Places where the code has these bytes.
    func places(of word: String) -> [Int] {
        let word = Array(word.utf8)
        guard code.count >= word.count else { return [] }
        return (0...(code.count - word.count)).filter { code[$0] == word[0] && code[$0..<($0 + word.count)].elementsEqual(word) }
    }

    /// Places of a word that stands alone.
    func places(ofWord word: String) -> [Int] {
        places(of: word).filter { place in
            !isWordByte(at: place - 1) && !isWordByte(at: place + word.utf8.count)
        }
    }

    func isWordByte(at place: Int) -> Bool {
        guard code.indices.contains(place) else { return false }
        switch code[place] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "."):
            return true
        default: return false
        }
    }
}

/// Walks source once and blanks what is not code.
private struct Scanner {
    var bytes: [UInt8]
    var place = 0

    mutating func blanked() -> [UInt8] {
        while place < bytes.count {
            if starts("//") {
                blankLine()
            } else if starts("/*") {
                blankComment()
            } else if let hashes = stringStart() {
                blankString(hashes: hashes)
            } else {
                place += 1
            }
        }
        return bytes
    }

    func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
        let from = place + offset
        return text.withUTF8Buffer { wanted in
            guard from + wanted.count <= bytes.count, bytes[from] == wanted[0] else { return false }
            return wanted.indices.allSatisfy { bytes[from + $0] == wanted[$0] }
        }
    }

    mutating func erase(_ count: Int = 1) {
        for _ in 0..<count where place < bytes.count {
            if bytes[place] != UInt8(ascii: "\n") { bytes[place] = UInt8(ascii: " ") }
            place += 1
        }
    }

    mutating func blankLine() {
        while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { erase() }
    }

    mutating func blankComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                erase(2)
            } else if starts("*/") {
                depth -= 1
                erase(2)
            } else {
                erase()
            }
        } while depth > 0 && place < bytes.count
    }

    /// The number of `#` before a quote that opens a literal here.
    func stringStart() -> Int? {
        var hashes = 0
        while place + hashes < bytes.count, bytes[place + hashes] == UInt8(ascii: "#") { hashes += 1 }
        return starts("\"", at: hashes) ? hashes : nil
    }

    /// Interpolations are blanked with the rest: code in them is beyond what these tests look at.
    mutating func blankString(hashes: Int) {
        erase(hashes)
        let quote: StaticString = starts("\"\"\"") ? "\"\"\"" : "\""
        erase(quote.utf8CodeUnitCount)
        while place < bytes.count {
            if starts(quote), closes(after: quote.utf8CodeUnitCount, hashes: hashes) {
                return erase(quote.utf8CodeUnitCount + hashes)
            }
            if starts("\\"), closes(after: 1, hashes: hashes) {
                erase(1 + hashes)
                if starts("(") { blankInterpolation() } else { erase() }
            } else {
                erase()
            }
        }
    }

    mutating func blankInterpolation() {
        var depth = 0
        repeat {
            if let hashes = stringStart() {
                blankString(hashes: hashes)
                continue
            }
            if starts("(") { depth += 1 }
            if starts(")") { depth -= 1 }
            erase()
        } while depth > 0 && place < bytes.count
    }

    func closes(after length: Int, hashes: Int) -> Bool {
        (0..<hashes).allSatisfy { starts("#", at: length + $0) }
    }
}
