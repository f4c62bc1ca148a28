import SallyportModel

/// The text of a configuration file, proved to be UTF-8 without characters that hide or confuse.
struct SourceText: Sendable {
    let text: String

    struct Refusal: Error {
        let reason: Reason
        let message: String
        /// The text up to the first bad byte, so that the place can be counted.
        let good: String
        /// The whole text, bytes that are not UTF-8 replaced, so that the line can be shown.
        let whole: String
    }

    init(_ bytes: [UInt8]) throws(Refusal) {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Refusal(
                reason: .notUTF8, message: "the file is not UTF-8 from here on", good: Self.validPrefix(of: content),
                whole: String(decoding: content, as: UTF8.self))
        }
        if let index = text.unicodeScalars.firstIndex(where: Self.isForbidden) {
            throw Refusal(
                reason: .forbiddenCharacter,
                message: "\(Self.name(text.unicodeScalars[index])) may not stand in a configuration",
                good: String(text.unicodeScalars[..<index]), whole: text)
        }
        self.text = text
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: false
        case 0...0x1F, 0x7F...0x9F: true
        // Marks that change the direction in which text is shown (CVE-2021-42574).
        case 0x202A...0x202E, 0x2066...0x2069: true
        case 0xFEFF, 0xFDD0...0xFDEF: true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }

    private static func name(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "character U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func validPrefix(of bytes: ArraySlice<UInt8>) -> String {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var good = ""
        while case .valid(let encoded) = parser.parseScalar(from: &iterator) {
            good.unicodeScalars.append(Unicode.UTF8.decode(encoded))
        }
        return good
    }
}
