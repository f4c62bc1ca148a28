import Glibc
import SallyportConfig

/// What the system says about a descriptor that was passed.
enum ListeningDescriptor {
    /// A TCP socket that listens.
    static func isListening(_ descriptor: Int32) -> Bool {
        option(SO_ACCEPTCONN, descriptor) == 1 && option(SO_TYPE, descriptor) == Int32(SOCK_STREAM.rawValue)
            && [AF_INET, AF_INET6].contains(option(SO_DOMAIN, descriptor) ?? -1)
    }

    private static func option(_ name: Int32, _ descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    /// Where it is bound; nil for anything but TCP.
    static func address(of descriptor: Int32) -> SocketAddressText? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0 else { return Int32(-1) }
                return getnameinfo(
                    address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        guard result == 0, [AF_INET, AF_INET6].contains(Int32(storage.ss_family)), let number = UInt16(text(port))
        else {
            return nil
        }
        return SocketAddressText(host: text(host), port: number)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
