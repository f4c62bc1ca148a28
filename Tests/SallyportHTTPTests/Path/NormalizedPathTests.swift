import Testing

@testable import SallyportHTTP

@Suite struct NormalizedPathTests {
    @Test(
        arguments: [
            ("/", "/"), ("//", "/"), ("///a//b//", "/a/b/"), ("/a/b", "/a/b"), ("/a/b/", "/a/b/"),
            ("/.", "/"), ("/./", "/"), ("/./a", "/a"), ("/a/.", "/a/"), ("/a/./b", "/a/b"),
            ("/a/..", "/"), ("/a/../", "/"), ("/a/b/..", "/a/"), ("/a/b/../c", "/a/c"), ("/a//../b", "/b"),
            ("/a/b/c/./../../g", "/a/g"), ("/mid/content=5/../6", "/mid/6"),
            ("/...", "/..."), ("/a/...b", "/a/...b"), ("/.a", "/.a"), ("/..a", "/..a"), ("/a..", "/a.."),
            ("/a.", "/a."),
            ("/%41", "/A"), ("/%7e%2D%5f%2e%61", "/~-_.a"), ("/%2e/a", "/a"), ("/a/%2E%2e/b", "/b"),
            ("/a/.%2e/b", "/b"),
            ("/%c3%a9", "/%C3%A9"), ("/%20", "/%20"), ("/%3a", "/%3A"), ("/%25", "/%25"),
            ("/%252e%252e/", "/%252e%252e/"),
            ("/%252f", "/%252f"), ("/%3f%23", "/%3F%23"), ("/a;b=c", "/a;b=c"), ("/a/..%3b/b", "/a/..%3B/b"),
            ("/...;x", "/...;x"), ("/a:@!$&'()*+,=[]|", "/a:@!$&'()*+,=[]|"), ("/a%2", nil), ("/a%", nil),
            ("/%g0", nil),
            ("/%0g", nil), ("", nil), ("a", nil), ("a/b", nil), ("/..", nil), ("/../a", nil), ("/a/../..", nil),
            ("/%2e%2e", nil), ("/a/%2e%2e/%2e%2e/x", nil), ("//..", nil), ("/./..", nil), ("/%00", nil), ("/%2f", nil),
            ("/%2F", nil), ("/%5C", nil), ("/%5c..%5c", nil), ("/\\", nil), ("/%7f", nil), ("/%1F", nil), ("/%0a", nil),
            ("/a?b", nil), ("/a#b", nil), ("/a b", nil), ("/é", nil), ("/a\"", nil), ("/a<", nil), ("/a`", nil),
            ("/a^", nil), ("/a{}", nil), ("/..;", nil), ("/..;/a", nil), ("/.;/a", nil), ("/a/..;v=1/b", nil),
            ("/%2e%2e;/a", nil), ("/\u{0}", nil), ("/%u002e", nil), ("*", nil),
        ] as [(String, String?)])
    func table(_ path: String, _ expected: String?) {
        #expect(NormalizedPath(path)?.text == expected)
    }

    /// What is normal stays as it is: the upstream, normalising again, sees what was decided on.
    @Test func normalisingTwiceIsNormalisingOnce() {
        let parts = ["/", ".", "..", "a", "%2e", "%2E", "%41", "%c3", ";", "%25", "2e", "%3b"]
        var paths = [""]
        for _ in 0..<4 { paths = paths.flatMap { path in parts.map { path + $0 } } }
        for path in paths {
            guard let once = NormalizedPath("/" + path) else { continue }
            #expect(NormalizedPath(once.text) == once, "/\(path)")
            #expect(once.text.utf8.count <= path.utf8.count + 1)
            let segments = once.text.split(separator: "/", omittingEmptySubsequences: false)
            #expect(!segments.contains(".") && !segments.contains(".."))
            #expect(!once.text.contains("//"))
        }
    }
}
