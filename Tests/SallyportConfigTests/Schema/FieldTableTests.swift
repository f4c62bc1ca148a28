import SallyportModel
import Testing

@testable import SallyportConfig

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct FieldTableTests {
    @Test func everyFieldHasASentence() {
        #expect(KeyIndex.all.count > 60)
        for entry in KeyIndex.all {
            let summary = entry.row.summary
            #expect(summary.count >= 20, "\(entry.path) has no sentence")
            #expect(summary.hasSuffix("."), "\(entry.path): \(summary)")
            #expect(summary.first?.isUppercase == true || summary.first?.isNumber == true, "\(entry.path): \(summary)")
            if let danger = entry.row.danger { #expect(danger.hasSuffix("."), "\(entry.path): \(danger)") }
        }
    }

    @Test func keysOfALevelDiffer() {
        for record in KeyIndex.records {
            #expect(Set(record.fields.map(\.name)).count == record.fields.count)
            for rule in record.rules {
                switch rule {
                case .exactlyOne(let names), .atMostOne(let names), .someOf(let names), .allOrNone(let names):
                    #expect(Set(names).isSubset(of: record.fields.map(\.name)))
                case .atLeastOne: break
                }
            }
        }
    }

    /// No word of a choice is one that YAML 1.1 takes for a boolean or nothing.
    @Test func noChoiceIsAYAMLTrap() {
        for entry in KeyIndex.all {
            guard let scalar = KeyExplanation.scalar(entry.row.shape), scalar.json != .isTrue else { continue }
            #expect(Set(scalar.choices).isDisjoint(with: ["on", "off", "yes", "no", "true", "false", "null", "~"]))
        }
    }

    /// What the table calls a default is what a configuration without the key has.
    @Test func defaultsAreWhatTheyAreSaidToBe() throws {
        let configuration = try #require(Sample.load(Sample.smallest).configuration)
        #expect(configuration.limits == Limits())
        #expect(configuration.accessLog == AccessLog())
        #expect(configuration.tlsProfiles == [Builtin.profile: TLSProfile()])
        #expect(configuration.upstreams["http://127.0.0.1:9000"]?.timeouts == UpstreamTimeouts())
        #expect(LimitsSection.body.row.defaultText == "10MiB")
        #expect(UpstreamTimeoutsSection.request.row.defaultText == "15s")
        #expect(ClientCertificatesSection.mode.row.defaultText == "require")
    }

    @Test(arguments: [
        ("configuration.md", ReferencePage.configuration()), ("reasons.md", ReferencePage.reasons()),
    ])
    func referencePagesAreUpToDate(_ name: String, _ page: String) throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let path = "\(root)/docs/reference/\(name)"
        if getenv("UPDATE_GOLDEN") != nil {
            let file = try #require(fopen(path, "w"))
            defer { fclose(file) }
            #expect(fputs(page, file) >= 0)
        }
        let written = String(decoding: try SystemFiles().read(path, limit: 1 << 20), as: UTF8.self)
        #expect(written == page, "run the tests with UPDATE_GOLDEN=1 and read what changed")
    }

    @Test func theSchemaNamesEveryKey() {
        let schema = ConfigurationSchema.json()
        #expect(schema.contains("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\""))
        for entry in KeyIndex.all { #expect(schema.contains("\"\(entry.row.name)\": {"), "\(entry.path)") }
    }
}
