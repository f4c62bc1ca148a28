import Crypto

extension ClientHello {
    /// The JA4 TLS client fingerprint (FoxIO, technical_details/JA4.md), such as `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    ///
    /// Only this one of the JA4+ family is free of a licence that restricts its use: it is under BSD 3-Clause.
    package var ja4: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        appendShape(to: &text)
        text.append(Self.underscore)
        text += Self.shortHash(cipherSuites.lazy.filter { !GREASE.contains($0) }.sorted())
        text.append(Self.underscore)
        text += extensionsHash
        return String(decoding: text, as: UTF8.self)
    }

    private static let underscore = UInt8(ascii: "_")

    /// `t13d1516h2`: transport, version, whether a server is named, how many suites and extensions, first protocol.
    private func appendShape(to text: inout [UInt8]) {
        text.append(UInt8(ascii: "t"))
        text += Self.versionCode(versions.lazy.filter { !GREASE.contains($0) }.max() ?? 0)
        text.append(sni == nil ? UInt8(ascii: "i") : UInt8(ascii: "d"))
        text += Self.twoDigits(cipherSuites.count { !GREASE.contains($0) })
        text += Self.twoDigits(extensions.count { !GREASE.contains($0) })
        text += Self.protocolCode(alpn.first ?? [])
    }

    private var extensionsHash: [UInt8] {
        let types = extensions.lazy.filter { !GREASE.contains($0) && $0 != 0 && $0 != 16 }.sorted()
        return Self.shortHash(types, behind: signatureAlgorithms.filter { !GREASE.contains($0) })
    }

    private static func versionCode(_ version: UInt16) -> [UInt8] {
        let codes: [UInt16: StaticString] = [
            0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
        ]
        return Array((codes[version] ?? "00").description.utf8)
    }

    private static func twoDigits(_ count: Int) -> [UInt8] {
        let count = UInt8(min(count, 99))
        return [UInt8(ascii: "0") + count / 10, UInt8(ascii: "0") + count % 10]
    }

    /// First and last character of the first protocol; of its hex form when either is no letter or digit.
    private static func protocolCode(_ name: [UInt8]) -> [UInt8] {
        guard let first = name.first, let last = name.last else { return Array("00".utf8) }
        if isAlphanumeric(first), isAlphanumeric(last) { return [first, last] }
        return [HexDigits.lower(first >> 4), HexDigits.lower(last & 15)]
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// The first twelve hex digits of the SHA-256 of the list, or twelve zeros when it is empty.
    private static func shortHash(_ values: [UInt16], behind others: [UInt16] = []) -> [UInt8] {
        guard !values.isEmpty else { return [UInt8](repeating: UInt8(ascii: "0"), count: 12) }
        var text: [UInt8] = []
        text.reserveCapacity((values.count + others.count) * 5)
        appendList(values, to: &text)
        if !others.isEmpty {
            text.append(underscore)
            appendList(others, to: &text)
        }
        return SHA256.hash(data: text).prefix(6).flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }
    }

    private static func appendList(_ values: [UInt16], to text: inout [UInt8]) {
        for (index, value) in values.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            for shift in [12, 8, 4, 0] as [UInt16] {
                text.append(HexDigits.lower(UInt8(truncatingIfNeeded: value >> shift) & 15))
            }
        }
    }
}

/// Hex digits as ASCII.
enum HexDigits {
    /// - Parameter value: 0 to 15.
    static func lower(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
