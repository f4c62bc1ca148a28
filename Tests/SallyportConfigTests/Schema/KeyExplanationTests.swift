import SallyportConfig
import Testing

@Suite struct KeyExplanationTests {
    @Test(arguments: [
        "tlsProfiles.NAME.clientCertificates.mode", "tlsprofiles.strict.clientcertificates.MODE",
        "tlsProfiles.clientCertificates.mode", "tlsProfiles.www.example.org.clientCertificates.mode",
    ])
    func keysAreFoundHoweverTheyAreWritten(_ path: String) throws {
        let text = try #require(explain(keyPath: path))
        #expect(
            text == """
                tlsProfiles.NAME.clientCertificates.mode

                  Whether a client must show a certificate: require ends the handshake without one, optional lets it in without identity, none does not ask.

                  type      one of: require, optional, none
                  default   require
                  danger    With optional and none anyone reaches the routes that allow anyone; both need `because`.
                  since     version 1

                """)
    }

    @Test func listsAreFoundWithAndWithoutIndex() {
        #expect(explain(keyPath: "routes[3].match.path") != nil)
        #expect(explain(keyPath: "routes[3].match.path") == explain(keyPath: "routes.match.path"))
    }

    @Test func sectionsListTheirKeys() throws {
        let text = try #require(explain(keyPath: "listeners"))
        #expect(text.contains("redirectToHTTPS"))
        #expect(text.contains("exactly one of `tls`, `redirectToHTTPS`"))
    }

    @Test(arguments: ["", ".", "nonsense", "routes.match.nonsense", "tlsProfiles..", "SP1203"])
    func unknownKeysAreUnknown(_ path: String) {
        #expect(explain(keyPath: path) == nil || path == "tlsProfiles..")
    }

    @Test(arguments: [
        ("tlsProfile.strict.base", "tlsProfiles.NAME.base"), ("mode", "tlsProfiles.NAME.clientCertificates.mode"),
        ("routes.mach.path", "routes.match.path"), ("allow", "routes.allow"),
    ])
    func nearMissesSuggest(_ path: String, _ expected: String) {
        #expect(ConfigurationSchema.suggestions(forKeyPath: path).first == expected)
    }

    @Test func longPathsEnd() {
        let long = "tlsProfiles." + Array(repeating: "x", count: 5000).joined(separator: ".")
        #expect(explain(keyPath: long) == nil)
    }
}
