import Testing

@testable import sallyport

@Suite struct ShellWordTests {
    @Test(arguments: [
        ("plain", "plain"), ("/a/b-c_d.pem", "/a/b-c_d.pem"), ("", "''"), ("two words", "'two words'"),
        ("$HOME", "'$HOME'"), ("it's", "'it'\\''s'"), ("a;rm -rf /", "'a;rm -rf /'"), ("*", "'*'"), ("é", "'é'"),
        ("%{stderr}", "'%{stderr}'"),
    ])
    func quote(_ word: String, _ expected: String) {
        #expect(ShellWord.quote(word) == expected)
    }
}
