import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds the addresses that a name stands for.
package protocol TargetLookup: Sendable {
    /// Texts of IPv4 and IPv6 addresses, without brackets.
    func addresses(of name: String) async throws -> [String]
}

/// The resolver of the operating system, on a thread that may block.
package struct SystemLookup: TargetLookup {
    /// More addresses of one name are not used.
    private static let most = 64

    package init() {}

    package func addresses(of name: String) async throws -> [String] {
        try await NIOThreadPool.singleton.runIfActive { try Self.ask(name) }
    }

    private static func ask(_ name: String) throws -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &found)
        guard status == 0, let first = found else { throw LookupFailure(words: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next, addresses.count < most {
            next = entry.pointee.ai_next
            if let text = text(of: entry.pointee), !addresses.contains(text) { addresses.append(text) }
        }
        return addresses
    }

    private static func text(of entry: addrinfo) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
        guard status == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

struct LookupFailure: Error, CustomStringConvertible {
    let words: String
    var description: String { words }
}
