import Testing

/// Files are found without searching: at most five path components.
@Suite struct PathTests {
    @Test func sourcesAreNotNestedDeeply() throws {
        for file in try Repository.files(under: "Sources", suffix: ".swift") + Repository.files(under: "Tests", suffix: ".swift") {
            #expect(
                file.split(separator: "/").count <= 5,
                "\(file) has more than five components: Sources/<Target>/<Topic>/[<Name>/]<File>.swift")
        }
    }

    @Test func everySourceFileBelongsToATarget() throws {
        let targets = Set(try Manifest().targets.map(\.name))
        for file in try Repository.files(under: "Sources", suffix: ".swift") {
            let folder = String(file.split(separator: "/")[1])
            #expect(targets.contains(folder), "\(file) lies in no target of Package.swift")
        }
    }

    @Test(arguments: ["Util", "Helper", "Manager", "Misc"])
    func namesSayWhatAThingIs(word: String) throws {
        for file in try Repository.files(under: "Sources", suffix: ".swift") {
            let name = file.split(separator: "/").last ?? ""
            // systemd calls itself so.
            if name == "ServiceManager.swift" { continue }
            #expect(!name.contains(word), "\(file): \(word) says nothing; name the file after what it holds")
        }
    }
}
