import Glibc
import SallyportModel

/// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`.
enum ProxyTextLine {
    /// - Parameter line: Without its end; begins with `PROXY ` and has printable characters only.
    static func parse(_ line: ArraySlice<UInt8>) throws(ProxyFault) -> ProxyHeader {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        // The rest of such a line is to be ignored.
        if words.count >= 2, words[1] == "UNKNOWN" { return ProxyHeader() }
        guard words.count == 6 else { throw ProxyFault(.proxyHeaderMalformed, "a line of \(words.count) words") }
        let read: (String) -> [UInt8]? =
            switch words[1] {
            case "TCP4": version4
            case "TCP6": version6
            default: throw ProxyFault(.proxyHeaderMalformed, "neither TCP4 nor TCP6 nor UNKNOWN")
            }
        guard let source = endpoint(words[2], words[4], read), let destination = endpoint(words[3], words[5], read),
            let addresses = ProxyHeader.Addresses(source: source, destination: destination)
        else { throw ProxyFault(.proxyHeaderMalformed, "an address or port that is none") }
        return ProxyHeader(addresses: addresses)
    }

    private static func endpoint(_ address: String, _ port: String, _ read: (String) -> [UInt8]?) -> ProxyHeader.Endpoint? {
        guard let bytes = read(address), let number = number(port, 0...65_535) else { return nil }
        return ProxyHeader.Endpoint(address: bytes, port: UInt16(number))
    }

    private static func version4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { number(String($0), 0...255) }
        let bytes = parts.compactMap { $0.map(UInt8.init) }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func version6(_ text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }

    /// Digits without a leading zero, which some readers take for octal.
    private static func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || !text.hasPrefix("0"), let value = Int(text), range.contains(value)
        else { return nil }
        return value
    }
}
