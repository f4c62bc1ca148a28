import Testing

@testable import sallyport

@Suite struct CurlInvocationTests {
    private let local = GatewayAddress(host: "localhost", port: 8443, connect: "127.0.0.1", isBuiltin: true)
    private let alice = CurlInvocation.Client(certificate: "/s/clients/alice.pem", key: "/s/clients/alice.key")

    private func arguments(
        _ address: GatewayAddress, _ path: String = "/", _ client: CurlInvocation.Client? = nil, more: [String] = []
    ) throws -> String {
        try CurlInvocation(address: address, path: path, client: client, authority: "/s/ca/root.pem", more: more)
            .arguments.joined(separator: " ")
    }

    @Test func withACertificate() throws {
        let line = try arguments(local, "/a?b=c", alice)
        #expect(line.contains("--cacert /s/ca/root.pem --cert /s/clients/alice.pem --key /s/clients/alice.key"))
        #expect(line.hasSuffix(" https://localhost:8443/a?b=c"))
        #expect(!line.contains("--connect-to"))
    }

    @Test func nobodyShowsNothing() throws {
        #expect(try !arguments(local).contains("--cert "))
    }

    @Test func anotherNameIsConnectedToTheListener() throws {
        let address = GatewayAddress(host: "api.example.org", port: 443, connect: "::1", isBuiltin: false)
        let line = try arguments(address)
        #expect(line.contains("--connect-to api.example.org:443:[::1]:443"))
        #expect(!line.contains("--cacert"))
    }

    @Test func moreArgumentsArePassedOn() throws {
        #expect(try arguments(local, more: ["-X", "POST"]).contains(" -X POST "))
    }

    @Test(arguments: ["", "x", "-o/etc/passwd", "http://evil", "/a b", "/\n", "/é", "@x"])
    func whatIsNoPathIsRefused(_ path: String) {
        #expect(throws: CommandFailure.self) { try arguments(local, path) }
    }

    @Test func withoutCurlTheErrorSaysHowToGetIt() throws {
        let invocation = try CurlInvocation(address: local, path: "/", client: nil, authority: "", more: [])
        #expect {
            try invocation.program(searchPath: "/nonexistent:")
        } throws: { error in
            (error as? CommandFailure)?.fix?.contains("apt-get install curl") ?? false
        }
        #expect(try invocation.program(searchPath: "/nonexistent:/usr/bin") == "/usr/bin/curl")
    }
}
