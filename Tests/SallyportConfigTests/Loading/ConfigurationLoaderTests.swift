import SallyportModel
import Testing

@testable import SallyportConfig

@Suite struct ConfigurationLoaderTests {
    @Test func aConfigurationStandsIfAndOnlyIfThereIsNoError() throws {
        let good = Sample.load(Sample.smallest)
        #expect(good.configuration != nil)
        #expect(good.diagnostics.isEmpty)
        let bad = Sample.load(Sample.smallest + "x: y\n")
        #expect(bad.configuration == nil)
        #expect(bad.report.errorCount == 1)
        let warned = Sample.load(Sample.listener)
        #expect(warned.configuration != nil)
        #expect(warned.report.warningCount == 1)
    }

    @Test func standardInputIsLoadedFromBytes() throws {
        let loader = ConfigurationLoader(environment: [:], reader: MemoryFiles(["other/ca.pem": "no pem"]))
        let text = Sample.smallest + "pki: { authorities: { clients: { file: ca.pem } } }\n"
        let result = loader.load(text: Array(text.utf8), name: "<stdin>", directory: "other")
        let finding = try #require(result.diagnostics.first)
        #expect(finding.reason == .wrongPEM)
        #expect(finding.location?.file == "<stdin>")
    }

    @Test func sourcesAreKnownEvenWhenLoadingFails() {
        let result = Sample.load(
            "include: [a.yaml, gone.yaml]\n" + Sample.smallest, files: ["a.yaml": "listeners: ["])
        #expect(result.configuration == nil)
        #expect(result.sources == ["/m/sallyport.yaml", "/m/a.yaml", "/m/gone.yaml"])
        #expect(Sample.load(Sample.smallest).configuration?.sources == ["/m/sallyport.yaml"])
    }

    @Test func allFilesTogetherAreBounded() {
        let filler = "# " + String(repeating: "x", count: 3 << 20) + "\n"
        let codes = Sample.codes(
            "include: [a.yaml, b.yaml]\n" + Sample.smallest, files: ["a.yaml": filler + "pki: {}\n", "b.yaml": filler])
        #expect(codes == ["SP1004"])
        #expect(Sample.codes(filler + filler + Sample.smallest) == ["SP1001"])
    }

    @Test func theNumberOfFilesIsBounded() {
        var files: [String: String] = [:]
        for index in 0..<300 { files["d/\(index).yaml"] = "version: 1\n" }
        #expect(Sample.codes("include: [\"d/*.yaml\"]\n" + Sample.smallest, files: files) == ["SP1004"])
    }

    @Test func includesMayDoubleWithoutEndBeingBounded() {
        var files: [String: String] = [:]
        for index in 0..<8 { files["\(index).yaml"] = "include: [\(index + 1).yaml, ./\(index + 1).yaml]\n" }
        files["8.yaml"] = "version: 1\n"
        let result = Sample.load("include: [0.yaml]\n" + Sample.smallest, files: files)
        #expect(result.configuration == nil)
        #expect(result.sources.count <= DocumentLimits.files)
    }

    @Test func valuesAreBoundedAcrossFiles() {
        let many = "routes: [" + String(repeating: "1, ", count: 60_000) + "]\n"
        let codes = Sample.codes(
            "include: [a.yaml, b.yaml]\n" + Sample.smallest, files: ["a.yaml": many, "b.yaml": many])
        #expect(codes == ["SP1106"])
    }

    @Test func errorsAreReportedAllAtOnceButBounded() {
        let keys = (0..<5000).map { "unknown\($0): 1\n" }.joined()
        let result = Sample.load(Sample.smallest + keys)
        #expect(result.configuration == nil)
        #expect(result.diagnostics.count == 1000)
        let text = result.report.rendered(as: .text)
        #expect(text.contains("… and 900 more\n"))
    }

    @Test func pathsAreRelativeToTheFileThatNamesThem() throws {
        let certificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
        let result = Sample.load(
            "include: [sub/a.yaml]\n" + Sample.smallest,
            files: [
                "sub/a.yaml": "include: [deep/b.yaml]\n",
                "sub/deep/b.yaml": "pki: { authorities: { clients: { file: ../ca.pem } } }\n",
                "sub/ca.pem": certificate,
            ])
        let configuration = try #require(result.configuration)
        #expect(configuration.authorities["clients"]?.source == .file("/m/sub/ca.pem"))
    }

    @Test(arguments: [
        ("/a/b/../c/./d", "/a/c/d"), ("x", "/w/x"), ("../x", "/x"), ("../../../x", "/x"), ("a//b", "/w/a/b"),
        ("/", "/"), (".", "/w"),
    ])
    func pathsAreMadeAbsolute(_ path: String, _ expected: String) {
        #expect(FilePath.absolute(path, in: "/w") == expected)
    }

    @Test(arguments: [
        ("a.yaml", "*.yaml", true), ("a.yml", "*.yaml", false), (".a.yaml", "*.yaml", false),
        (".a.yaml", ".*.yaml", true), ("abcabc", "a*c", true), ("abcabd", "a*c", false), ("a", "?", true),
        ("", "*", true), ("ab", "?", false), (String(repeating: "a", count: 200), "*a*a*a*a*a*b", false),
    ])
    func patternsMatchNames(_ name: String, _ pattern: String, _ expected: Bool) {
        #expect(NamePattern.matches(name, pattern) == expected)
    }
}
