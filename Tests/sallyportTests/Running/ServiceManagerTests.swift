import Foundation
import Glibc
import Testing

@testable import sallyport

@Suite struct ServiceManagerTests {
    @Test(arguments: [("/run/x", true), ("@abstract", true), ("relative", false), ("", false)])
    func names(_ name: String, _ isGood: Bool) {
        #expect((ServiceManager.address(of: name) != nil) == isGood)
    }

    @Test func namesThatDoNotFitAreRefused() {
        #expect(ServiceManager.address(of: "/" + String(repeating: "x", count: 106)) != nil)
        #expect(ServiceManager.address(of: "/" + String(repeating: "x", count: 107)) == nil)
    }

    @Test(arguments: ["path", "abstract"])
    func tellsTheManager(_ kind: String) throws {
        let unique = UUID().uuidString
        let name = kind == "path" ? NSTemporaryDirectory() + unique : "@" + unique
        var address = try #require(ServiceManager.address(of: name))
        let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(receiver) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(receiver, $0, length) }
        }
        try #require(bound == 0)
        let manager = ServiceManager(socket: name)
        manager.ready()
        manager.reloading()
        manager.stopping()
        #expect(receive(receiver) == "READY=1")
        #expect(receive(receiver).hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(receive(receiver) == "STOPPING=1")
    }

    private func receive(_ socket: Int32) -> String {
        var part = [UInt8](repeating: 0, count: 256)
        let count = recv(socket, &part, part.count, Int32(MSG_DONTWAIT))
        return String(decoding: part[..<max(count, 0)], as: UTF8.self)
    }

    @Test func withoutAManagerNothingHappens() {
        ServiceManager(socket: nil).ready()
        ServiceManager(socket: "/nonexistent/notify").ready()
    }
}
