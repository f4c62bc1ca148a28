import Testing

/// What may not stand in the targets that decide about security, each with the reason and what to write instead.
@Suite struct BanTests {
    static let guarded = [
        "SallyportModel", "SallyportTLS", "SallyportPKI", "SallyportAccess", "SallyportBalance", "SallyportEdge", "SallyportPolicy", "SallyportTokens", "SallyportHTTP", "SallyportProxy", "SallyportAudit", "SallyportStore",
    ]

    static let bans = [
        ("try?", "it turns a failure into an absence, and an absent identity once passed for nobody in particular; use do/catch and refuse"),
        ("try!", "it ends the process on input; throw a typed error or prove the case away in the type"),
        ("as!", "it ends the process when a peer sends another type; use as? and refuse in the else branch"),
    ]

    @Test(arguments: guarded) func nothingSwallowsOrForces(target: String) throws {
        for file in try Source.files(of: target) {
            let source = file.text
            for (word, why) in Self.bans {
                let found = source.places(of: word).filter { !source.isWordByte(at: $0 - 1) }
                for place in found { Issue.record("\(file.path):\(source.line(of: place)): `\(word)` is banned: \(why)") }
            }
        }
    }

    @Test(arguments: guarded) func noCatchIsEmpty(target: String) throws {
        for file in try Source.files(of: target) {
            let source = file.text
            for place in Self.emptyCatches(in: source) {
                Issue.record(
                    "\(file.path):\(source.line(of: place)): an empty catch is banned: the error is lost and so is the refusal; return a Reason, log it, or rethrow")
            }
        }
    }

    static func emptyCatches(in source: SourceText) -> [Int] {
        source.places(ofWord: "catch").filter { place in
            guard let open = source.code[place...].firstIndex(of: UInt8(ascii: "{")) else { return false }
            let body = source.code[(open + 1)...]
            return body.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") } == UInt8(ascii: "}")
        }
    }

    /// The tests above must be able to fail.
    @Test func bansAreSeen() {
        let bad = SourceText(
            """
            let a = try? one() // try! is not code here
            let b = "try! as!" + "\\(try! two())"
            do { try three() } catch { /* nothing */ }
            do { try four() } catch Kind.five { }
            do { try six() } catch { throw error }
            """)
        #expect(bad.places(of: "try?").map(bad.line(of:)) == [1])
        #expect(bad.places(of: "try!").isEmpty)
        #expect(Self.emptyCatches(in: bad).map(bad.line(of:)) == [3, 4])
    }
}
