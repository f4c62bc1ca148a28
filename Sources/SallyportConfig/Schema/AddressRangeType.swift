#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ValueType<AddressRange> {
    /// `10.0.0.0/8` or `fd00::/8`.
    static func network() -> ValueType {
        let shape = ScalarShape(
            words: "a network such as 10.0.0.0/8", pattern: "[0-9A-Fa-f:.]+/[0-9]{1,3}",
            examples: ["10.0.0.0/8", "\"fd00::/8\""])
        return .scalar(shape, text: \.text) { text throws(ValueError) in try AddressRange(parsing: text) }
    }
}

extension ValueType<UInt16> {
    static func port() -> ValueType {
        let shape = ScalarShape(words: "a port", range: "1 … 65535", json: .integer, bounds: 1...65535)
        return .scalar(shape, text: String.init) { text throws(ValueError) in try PortText.parse(text) }
    }
}

extension AddressRange {
    init(parsing text: String) throws(ValueError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = Self.address(String(parts[0])),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1])
        else {
            throw ValueError(message: "\"\(text)\" is no network", label: "such as 10.0.0.0/8 or fd00::/8")
        }
        guard let range = AddressRange(bytes: bytes, prefix: prefix) else {
            throw ValueError(
                message: "\"\(text)\" is no network: bits are set behind its prefix, or the prefix is too long",
                label: "such as 10.0.0.0/8 or fd00::/8")
        }
        self = range
    }

    /// As it stands in a file.
    package var text: String { (Self.words(bytes) ?? "") + "/\(prefix)" }

    /// Whether it reaches services that trust whoever can connect to them: on this machine and on its link, where
    /// clouds answer with credentials.
    var hasSpecialAddresses: Bool { Self.special.contains { $0.contains(bytes) || contains($0.bytes) } }

    /// RFC 6890, as far as something may answer there.
    private static let special = [
        ([0], 8), ([127], 8), ([169, 254], 16), ([UInt8](repeating: 0, count: 15) + [1], 128), ([0xfe, 0x80], 10),
    ].compactMap { start, prefix in
        let length = start.count > 2 || start == [0xfe, 0x80] ? 16 : 4
        return AddressRange(bytes: start + [UInt8](repeating: 0, count: length - start.count), prefix: prefix)
    }

    /// 4 or 16 bytes in network order; nil when the text is no address.
    package static func address(_ text: String) -> [UInt8]? {
        if HostText.isIPv4(text) {
            var address = in_addr()
            guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
            return withUnsafeBytes(of: &address) { Array($0) }
        }
        guard HostText.isIPv6(text) else { return nil }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }

    private static func words(_ bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
