import SallyportConfig
import Testing

@testable import sallyport

@Suite struct DemoConfigurationTests {
    private let text = DemoConfiguration(port: 8443, adminPort: 9443, upstreamPort: 9000).text

    @Test func isAGoodConfigurationWithoutAWarning() throws {
        let result = ConfigurationLoader(environment: [:]).load(text: Array(text.utf8), name: "demo")
        #expect(result.diagnostics == [])
        let configuration = try #require(result.configuration)
        #expect(configuration.routes.map(\.allow) == [.identities(["alice"])])
        #expect(configuration.acceptedRisks == [])
        #expect(configuration.listeners.map(\.address) == [SocketAddressText(host: "127.0.0.1", port: 8443)])
    }

    @Test func editsAreNeverOverwritten() {
        let ours = Array(text.utf8)
        #expect(DemoConfiguration.decide(current: nil, written: nil) == .write)
        #expect(DemoConfiguration.decide(current: nil, written: ours) == .write)
        #expect(DemoConfiguration.decide(current: ours, written: ours) == .write)
        #expect(DemoConfiguration.decide(current: ours + [10], written: ours) == .keep)
        #expect(DemoConfiguration.decide(current: ours, written: nil) == .keep)
        #expect(DemoConfiguration.decide(current: [], written: ours) == .keep)
    }
}
