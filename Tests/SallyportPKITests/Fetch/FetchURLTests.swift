import Testing

@testable import SallyportPKI

@Suite struct FetchURLTests {
    @Test(arguments: [
        ("http://ca.example.org/crl", "http://ca.example.org/crl"),
        ("HTTPS://CA.Example.org", "https://ca.example.org/"),
        ("https://ca.example.org:443/a?b=c", "https://ca.example.org/a?b=c"),
        ("http://127.0.0.1:14000/dir", "http://127.0.0.1:14000/dir"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("https://[2001:DB8::1]:8443?x", "https://[2001:db8::1]:8443/?x"),
    ])
    func wholeURLsAreRead(text: String, normal: String) throws {
        #expect(try #require(FetchURL(text)).text == normal)
    }

    @Test(arguments: [
        "", "ca.example.org/crl", "/crl", "//ca.example.org/", "ldap://ca.example.org/", "file:///etc/passwd", "http:/x",
        "http://", "http:///x", "http://user@ca.example.org/", "http://user:word@ca.example.org/", "http://ca.example.org:/",
        "http://ca.example.org:0/", "http://ca.example.org:65536/", "http://ca.example.org:+80/", "http://ca example/",
        "http://ca.example.org/a b", "http://ca.example.org/\r\nHost: x", "http://ca.example.org/\u{0}", "http://[::1/",
        "http://::1/", "http://[127.0.0.1]/", "http://127.1/", "http://2130706433/", "http://0177.0.0.1/", "http://-a/",
        "http://a..b/", "http://é/", "http://ca.example.org/é", "http://ca.example.org\\@evil/", "http://ca.example.org/#f",
        "http://[::1]x/", "http://ca.example.org:80:80/",
    ])
    func everythingElseIsRefused(text: String) {
        #expect(FetchURL(text) == nil)
    }

    @Test func lengthIsBounded() {
        #expect(FetchURL("http://a/" + String(repeating: "x", count: 2039)) != nil)
        #expect(FetchURL("http://a/" + String(repeating: "x", count: 2040)) == nil)
    }

    @Test(arguments: [
        ("https://other/x#part", "https://other/x"), ("//other:8080/x", "http://other:8080/x"),
        ("/y?z", "http://a:81/y?z"),
    ])
    func aLocationIsFollowed(location: String, leads: String) throws {
        #expect(try #require(FetchURL("http://a:81/b")).following(location)?.text == leads)
    }

    @Test(arguments: ["", "y", "../y", "?z", "javascript:1", "http:x", "/\n"])
    func anotherLocationLeadsNowhere(location: String) throws {
        #expect(try #require(FetchURL("http://a/b")).following(location) == nil)
    }

    @Test func aFieldIsOneLine() {
        #expect(FetchField("Accept", "text/plain")?.name == "accept")
        for (name, value) in [("", "x"), ("a b", "x"), ("a:", "x"), ("a", "x\r\ny: z"), ("a", "\u{0}")] {
            #expect(FetchField(name, value) == nil)
        }
    }
}
