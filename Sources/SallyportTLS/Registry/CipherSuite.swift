/// A cipher suite by its number in the IANA registry, and what its name says about it.
package struct CipherSuite: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    private static let names = Dictionary(uniqueKeysWithValues: table.map { ($0.id, $0.name) })
    private static let kinds = names.mapValues { Kind(name: $0) }

    /// Every suite whose name is known, by ascending number.
    package static let known = table.map { CipherSuite(rawValue: $0.id) }

    /// The registry's name, or the number for a suite that is not in the table.
    package var name: String { Self.names[rawValue] ?? HexText.uint16(rawValue) }

    /// What it is worth; nil for a suite that is not in the table.
    package var kind: Kind? { Self.kinds[rawValue] }

    /// Of TLS 1.3, where the suite says nothing of key exchange and signature.
    package var isTLS13: Bool { rawValue >> 8 == 0x13 }

    /// Suites by what they are worth, from the worst to the best. The first that fits is the kind.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// No encryption.
        case null
        /// The server proves nothing.
        case anonymous
        /// Keys of 40 or 56 bits, weakened by law.
        case export
        case rc4
        /// DES, 3DES, IDEA, RC2: blocks of 64 bits (SWEET32).
        case smallBlock
        /// The session key travels under the server's RSA key: no forward secrecy, and ROBOT.
        case rsaKeyTransport
        /// The server's Diffie-Hellman key is always the same: no forward secrecy.
        case staticDiffieHellman
        /// CBC with MAC-then-encrypt: Lucky Thirteen.
        case cbc
        /// Finite-field Diffie-Hellman: slow, and the group is the server's to choose.
        case finiteField
        /// Forward secrecy and authenticated encryption, TLS 1.2.
        case modern12
        case tls13

        init(name: String) {
            let parts = name.dropFirst(4).components(separatedBy: "_WITH_")
            guard parts.count == 2 else {
                self = .tls13
                return
            }
            self = Self.byCipher(parts[1], keyExchange: parts[0]) ?? Self.byKeyExchange(parts[0], cipher: parts[1])
        }

        private static func byCipher(_ cipher: String, keyExchange: String) -> Kind? {
            if cipher.hasPrefix("NULL") { return .null }
            if keyExchange.contains("anon") { return .anonymous }
            if keyExchange.contains("EXPORT") { return .export }
            if cipher.hasPrefix("RC4") { return .rc4 }
            let isSmall = ["DES", "3DES", "IDEA", "RC2"].contains { cipher.hasPrefix($0) }
            return isSmall ? .smallBlock : nil
        }

        private static func byKeyExchange(_ keyExchange: String, cipher: String) -> Kind {
            if keyExchange == "RSA" { return .rsaKeyTransport }
            if keyExchange.hasPrefix("DH_") || keyExchange.hasPrefix("ECDH_") { return .staticDiffieHellman }
            if cipher.contains("_CBC_") { return .cbc }
            return keyExchange.hasPrefix("DHE_") ? .finiteField : .modern12
        }
    }
}

extension StringProtocol {
    /// The parts between occurrences of the separator.
    fileprivate func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

/// Numbers as the registries write them.
enum HexText {
    /// `0x002F`.
    static func uint16(_ value: UInt16) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
