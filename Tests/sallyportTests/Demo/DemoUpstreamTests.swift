import Testing

@testable import sallyport

@Suite struct DemoUpstreamTests {
    @Test(
        arguments: [
            (#"By=spiffe://x;Hash=ab;Subject="CN=alice,O=Example";URI=spiffe://y"#, "alice"),
            (#"Hash=ab;Subject="O=Example,CN=bob""#, "bob"), (#"Hash=ab;Subject="O=Example""#, nil), ("", nil),
            (#"Subject="CN=unended"#, nil),
        ] as [(String, String?)])
    func theNameIsTheCommonName(_ xfcc: String, _ name: String?) {
        #expect(ForwardedClient(xfcc: xfcc).name == name)
    }
}
