import SallyportConfig
import Testing

@testable import sallyport

@Suite struct ClientAddressTests {
    @Test(arguments: [("127.0.0.1:8443", "127.0.0.1", 8443), ("[::1]:443", "::1", 443), (":80", "", 80)])
    func split(_ text: String, _ host: String, _ port: Int) {
        let parts = ClientAddress.split(text)
        #expect(parts?.host == host)
        #expect(parts?.port == port)
    }

    @Test(arguments: ["", "localhost", "a:b"])
    func unreadable(_ text: String) {
        #expect(ClientAddress.split(text) == nil)
    }

    private func configuration(_ names: [String]) -> Configuration {
        let tls = ListenerTLS(profile: Builtin.profile, certificate: .builtin(names: names))
        return Configuration(listeners: [
            Listener(name: "plain", address: SocketAddressText(host: "", port: 80), kind: .redirectToHTTPS(port: 443)),
            Listener(name: "main", address: SocketAddressText(host: "", port: 0), kind: .tls(tls)),
        ])
    }

    @Test(arguments: [
        (["localhost"], "localhost"), (["api.example.org", "localhost"], "localhost"),
        (["*.example.org"], "www.example.org"), (["*.example.org", "api.example.org"], "api.example.org"),
    ])
    func theNameIsOneOfTheCertificate(_ names: [String], _ expected: String) throws {
        let bound = ["main": "[::]:10443", "plain": "[::]:80"]
        let address = try ClientAddress.of(configuration(names), bound: bound)
        #expect(address == GatewayAddress(host: expected, port: 10_443, connect: "::1", isBuiltin: true))
    }

    @Test func noListenerIsAnError() {
        #expect(throws: CommandFailure.self) { try ClientAddress.of(configuration(["localhost"]), bound: [:]) }
    }
}
