/// Base64url without padding (RFC 7515 section 2, RFC 4648 section 5).
package enum Base64URL {
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        let text = Base64.encode(Array(bytes)).compactMap { letter -> UInt8? in
            switch letter {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: letter
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for anything but the one encoding of some bytes: no padding, no line ends, no bits left over.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var letters: [UInt8] = []
        letters.reserveCapacity(text.utf8.count + 3)
        for letter in text.utf8 {
            switch letter {
            case UInt8(ascii: "-"): letters.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): letters.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: letters.append(letter)
            }
        }
        guard letters.count % 4 != 1 else { return nil }
        while !letters.count.isMultiple(of: 4) { letters.append(UInt8(ascii: "=")) }
        return Base64.decode(letters)
    }
}
