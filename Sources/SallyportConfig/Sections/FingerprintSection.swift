import SallyportModel

enum FingerprintSection {
    static let ja4 = Field(
        "ja4", .list(of: .ja4(), count: 1...256), "JA4 fingerprints of clients to refuse; the access log shows them.")
    static let ja3 = Field(
        "ja3", .list(of: .ja3(), count: 1...256), "JA3 fingerprints of clients to refuse; prefer `ja4`.")

    static let type = ValueType.record("`deny`", [ja4.row, ja3.row], rules: [.atLeastOne]) { record in
        DeniedFingerprints(
            ja4: (record[ja4]?.value ?? []).map(\.value), ja3: (record[ja3]?.value ?? []).map(\.value))
    }
}

extension ValueType<String> {
    /// A JA4 TLS client fingerprint over TCP.
    static func ja4() -> ValueType {
        pattern(
            "t(13|12|11|10|s3|s2|00)[di][0-9]{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}", isJA4, noun: "JA4 fingerprint",
            example: "t13d1516h2_8daaf6152771_e5627efa2ab1")
    }

    static func ja3() -> ValueType {
        pattern(
            "[0-9a-f]{32}", { $0.utf8.count == 32 && $0.utf8.allSatisfy(isHexDigit) }, noun: "JA3 fingerprint",
            example: "ada70206e40642a3e4461f35503241d5")
    }

    private static func pattern(
        _ pattern: String, _ matches: @escaping @Sendable (String) -> Bool, noun: String, example: String
    ) -> ValueType {
        let shape = ScalarShape(words: "a \(noun)", pattern: pattern, examples: [example], json: .text)
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            guard matches(text) else {
                throw ValueError(message: "\"\(text)\" is no \(noun)", label: "such as \(example)")
            }
            return text
        }
    }

    private static func isJA4(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, let shape = parts.first, shape.count == 10, shape[0] == UInt8(ascii: "t") else {
            return false
        }
        let version = String(decoding: shape[1...2], as: UTF8.self)
        return ["13", "12", "11", "10", "s3", "s2", "00"].contains(version) && "di".utf8.contains(shape[3])
            && shape[4...7].allSatisfy { (0x30...0x39).contains($0) } && shape[8...9].allSatisfy(isAlphanumeric)
            && parts.dropFirst().allSatisfy { $0.count == 12 && $0.allSatisfy(isHexDigit) }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
