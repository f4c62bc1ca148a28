import SallyportModel
import Testing

@Suite struct CertificateNamesTests {
    @Test(arguments: [
        ("www.example.org", ["www.example.org"], true), ("www.example.org", ["*.example.org"], true),
        ("a.www.example.org", ["*.example.org"], false), ("example.org", ["*.example.org"], false),
        (".example.org", ["*.example.org"], false), ("", ["*.example.org", "a"], false),
        ("localhost", ["localhost"], true), ("localhost", ["*.localhost"], false),
        ("127.0.0.1", ["127.0.0.1"], true), ("127.0.0.2", ["127.0.0.1"], false), ("1.0.0.1", ["*.0.0.1"], false),
        ("[::1]", ["::1"], true), ("::1", ["::1"], true), ("[::2]", ["::1"], false), ("[::1", ["::1"], false),
        ("*.example.org", ["*.example.org"], true), ("www.example.org", [], false),
    ])
    func cover(_ host: String, _ names: [String], _ expected: Bool) {
        #expect(CertificateNames(names).cover(host) == expected)
    }

    @Test(arguments: [
        ("example.org", ["www.example.org"], true), ("example.org", ["*.example.org"], true),
        ("example.org", ["example.org"], false), ("example.org", ["a.b.example.org"], false), ("org", ["example.org"], true),
    ])
    func coverSome(_ suffix: String, _ names: [String], _ expected: Bool) {
        #expect(CertificateNames(names).coverSome(under: suffix) == expected)
    }
}
