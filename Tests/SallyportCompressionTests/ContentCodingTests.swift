import Testing

@testable import SallyportCompression

@Suite struct ContentCodingTests {
    @Test(arguments: [
        (["gzip"], "gzip"), (["br, gzip"], "br"), (["gzip, br"], "br"), (["gzip;q=1, br;q=0.5"], "gzip"),
        (["*"], "br"), (["*;q=0.1"], "br"), (["br;q=0, *"], "gzip"), (["GZIP"], "gzip"), (["deflate", "gzip ; q=0.3"], "gzip"),
        (["identity, gzip;q=0.5"], nil), (["gzip;q=0"], nil), ([""], nil), ([], nil), (["deflate"], nil),
        (["gzip;q=2"], nil), (["gzip;q=0.1234"], nil), (["gzip;level=1"], nil), (["gzip;q=1.1"], nil), (["gzip;q=1.000"], "gzip"),
        ([String(repeating: "x,", count: 40) + "gzip"], nil),
    ] as [([String], String?)])
    func chooses(_ values: [String], _ expected: String?) {
        #expect(ContentCoding.choose(among: [.br, .gzip], acceptEncoding: values)?.rawValue == expected)
    }

    @Test func onlyWhatIsOffered() {
        #expect(ContentCoding.choose(among: [.gzip], acceptEncoding: ["br"]) == nil)
        #expect(ContentCoding.choose(among: [], acceptEncoding: ["*"]) == nil)
    }
}
