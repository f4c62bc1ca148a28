import SallyportModel

extension ValueType<String> {
    /// An absolute URI (RFC 3986 §4.3), or one with `/*` in place of its last segments.
    static func identityURI() -> ValueType {
        let shape = ScalarShape(
            words: "a URI, or a URI with /* at its end", pattern: "[A-Za-z][A-Za-z0-9+.-]*:.+",
            examples: ["\"spiffe://example.org/ns/shop/sa/web\"", "\"spiffe://example.org/ns/shop/*\""])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let label = "such as spiffe://example.org/ns/shop/sa/web, or spiffe://example.org/ns/shop/*"
            guard let colon = text.firstIndex(of: ":"), isScheme(text[..<colon]), text.utf8.count <= 2048,
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x3C && $0 != 0x3E })
            else {
                throw ValueError(message: "\"\(text)\" is no URI", label: label)
            }
            let rest = text[text.index(after: colon)...]
            let fixed = rest.hasSuffix("/*") ? rest.dropLast(2) : rest
            if fixed.contains("*") {
                throw ValueError(message: "`*` may only stand at the end, behind a /", label: label)
            }
            if fixed.drop(while: { $0 == "/" }).isEmpty {
                throw ValueError(message: "\"\(text)\" would match every URI of the scheme", label: label)
            }
            return text
        }
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
            default: false
            }
        }
    }

    /// A DNS name, lower-case, or `*.` and a name of two labels or more.
    static func identityDNS() -> ValueType {
        let shape = ScalarShape(
            words: "a DNS name, or *. and a DNS name", examples: ["build.example.org", "\"*.agents.example.org\""])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
            guard HostText.isName(name), name == text || name.contains(".") else {
                throw ValueError(
                    message: "\"\(text)\" is no DNS name", label: "such as build.example.org or *.agents.example.org")
            }
            return text.lowercased()
        }
    }

    static func identityEmail() -> ValueType {
        let shape = ScalarShape(words: "an e-mail address", pattern: "[^@\\s]+@[^@\\s]+", examples: ["ops@example.org"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                HostText.isName(String(parts[1]))
            else {
                throw ValueError(message: "\"\(text)\" is no e-mail address", label: "such as ops@example.org")
            }
            return text
        }
    }
}

extension ValueType<[UInt8]> {
    /// 32 bytes as 64 hexadecimal digits, with or without colons between the bytes.
    /// - Parameter command: prints the one that is meant; a certificate's and its key's are not the same.
    static func fingerprint(command: String = "openssl x509 -in FILE -noout -fingerprint -sha256") -> ValueType {
        let shape = ScalarShape(
            words: "a SHA-256 fingerprint of 64 hexadecimal digits", pattern: "([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")
        return .scalar(shape, text: Hexadecimal.text) { text throws(ValueError) in
            guard let bytes = Hexadecimal.bytes(text), bytes.count == 32 else {
                throw ValueError(
                    message: "this is no SHA-256 fingerprint", label: "64 hexadecimal digits",
                    help: [command])
            }
            return bytes
        }
    }
}

enum Hexadecimal {
    /// Nil when a digit is none, or a byte is not whole.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.contains(":") ? text.split(separator: ":", omittingEmptySubsequences: false) : pairs(text)
        var bytes: [UInt8] = []
        for pair in digits {
            guard pair.utf8.count == 2, pair.first != "+", pair.first != "-", let byte = UInt8(pair, radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func pairs(_ text: String) -> [Substring] {
        var pairs: [Substring] = []
        var rest = text[...]
        while !rest.isEmpty {
            pairs.append(rest.prefix(2))
            rest = rest.dropFirst(2)
        }
        return pairs
    }
}
