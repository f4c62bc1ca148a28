import Testing

@testable import SallyportPolicy

@Suite struct ConditionTests {
    /// Condition, and what it says about a request: `+` holds, `-` fails, `?` undecided.
    static let rows: [(String, RequestCase, Character)] = [
        // request
        (#"request.method == "POST""#, .full, "+"), (#"request.method == "GET""#, .full, "-"),
        (#"request.method != "GET""#, .full, "+"), (#"request.method != "POST""#, .full, "-"),
        (#"request.method in ["GET", "POST"]"#, .full, "+"), (#"request.method not in ["GET", "POST"]"#, .full, "-"),
        (#"request.method not in ["GET", "PUT"]"#, .full, "+"), (#"request.method in ["PUT"]"#, .full, "-"),
        (#"request.path == "/orders/17""#, .full, "+"), (#"request.path startsWith "/orders/""#, .full, "+"),
        (#"request.path startsWith "/orders/177""#, .full, "-"), (#"request.path endsWith "/17""#, .full, "+"),
        (#"request.path endsWith "/orders/17""#, .full, "+"), (#"request.path endsWith "x/orders/17""#, .full, "-"),
        (#"request.path contains "ders/1""#, .full, "+"), (#"request.path contains "dersx""#, .full, "-"),
        (#"request.path contains "?""#, .full, "-"), (#"request.path like "/orders/*""#, .full, "+"),
        (#"request.path like "/*/17""#, .full, "+"), (#"request.path like "*""#, .full, "+"),
        (#"request.path like "/orders""#, .full, "-"), (#"request.path like "/o*d*s*/1*""#, .full, "+"),
        (#"request.path like "/orders/17*17""#, .full, "-"), (#"request.path like "**orders**""#, .full, "+"),
        (#"request.path like "/orders/?7""#, .full, "-"), (#"request.path contains """#, .full, "+"),
        (#"request.host == "api.example.org""#, .full, "+"), (#"request.host like "*.example.org""#, .full, "+"),
        (#"request.host endsWith ".example.com""#, .full, "-"), ("request.host == 'api.example.org'", .full, "+"),
        (#"request.header["x-team"] == "orders""#, .full, "+"), (#"request.header["X-TEAM"] == "orders""#, .full, "+"),
        (#"request.header["x-team"] == "Orders""#, .full, "-"), (#"request.header["x-team"] != "stock""#, .full, "+"),
        (#"request.header["x-version"] == "2""#, .full, "+"), (#"request.header["x-none"] == "2""#, .full, "?"),
        (#"request.header["x-none"] != "2""#, .full, "?"), (#"not (request.header["x-none"] == "2")"#, .full, "?"),
        (#"request.header["x-none"] in ["2"]"#, .full, "?"), (#"request.header["x-none"] not in ["2"]"#, .full, "?"),
        (#"request.header["x-none"] contains "2""#, .full, "?"), (#"request.header["x-none"] like "*""#, .full, "?"),
        (#"has(request.header["x-none"])"#, .full, "-"), (#"has(request.header["x-team"])"#, .full, "+"),
        (#"not has(request.header["x-none"])"#, .full, "+"),
        (#"has(request.header["x-none"]) and request.header["x-none"] == "2""#, .full, "-"),
        (#"not has(request.header["x-none"]) or request.header["x-none"] == "2""#, .full, "+"),
        // what comes twice, or does not go on
        (#"request.header["x-team"] == "a""#, .doubled, "?"), (#"request.header["x-team"] != "a""#, .doubled, "?"),
        (#"request.header["x-team"] == "b""#, .doubled, "?"), (#"has(request.header["x-team"])"#, .doubled, "+"),
        (#"request.header["x-hop"] == "1""#, .doubled, "?"), (#"has(request.header["x-hop"])"#, .doubled, "+"),
        (#"request.query["x"] == "1""#, .doubled, "?"), (#"request.query["x"] == "2""#, .doubled, "?"),
        (#"has(request.query["x"])"#, .doubled, "+"), (#"has(request.query["y"])"#, .doubled, "-"),
        // query
        (#"request.query["team"] == "a+b""#, .full, "+"), (#"request.query["team"] == "a%2Bb""#, .full, "-"),
        (#"request.query["n"] == "1""#, .full, "+"), (#"request.query["empty"] == """#, .full, "+"),
        (#"has(request.query["empty"])"#, .full, "+"), (#"has(request.query["none"])"#, .full, "-"),
        (#"request.query["none"] == "1""#, .full, "?"), (#"request.query["x"] == "1""#, .anonymous, "?"),
        // client
        (#"client.address == "10.1.2.3""#, .full, "+"), (#"client.address != "10.1.2.3""#, .full, "-"),
        (#"client.address in ["10.0.0.0/8"]"#, .full, "+"),
        (#"client.address in ["10.1.2.4/32", "10.1.2.3"]"#, .full, "+"),
        (#"client.address not in ["10.0.0.0/8"]"#, .full, "-"),
        (#"client.address in ["192.168.0.0/16", "fd00::/8"]"#, .full, "-"),
        (#"client.address == "10.0.0.0/8""#, .full, "+"), (#"client.address in ["2001:db8::/32"]"#, .anonymous, "+"),
        (#"client.address in ["0.0.0.0/0"]"#, .anonymous, "-"), (#"client.address in ["::/0"]"#, .anonymous, "+"),
        (#"client.address in ["::/0"]"#, .full, "-"), (#"client.address in ["0.0.0.0/0"]"#, .full, "+"),
        (#"client.address in ["10.1.0.0/16"]"#, .doubled, "+"), (#"client.address == "::ffff:10.1.2.3""#, .full, "+"),
        // identity
        (#"identity.names contains "shop""#, .full, "+"), (#""shop" in identity.names"#, .full, "+"),
        (#""shop" not in identity.names"#, .full, "-"), (#""nobody" in identity.names"#, .full, "-"),
        (#""shop" in identity.names"#, .anonymous, "?"), (#""shop" not in identity.names"#, .anonymous, "?"),
        (#"not ("shop" in identity.names)"#, .anonymous, "?"), (#""shop" in identity.names"#, .doubled, "-"),
        (#""shop" not in identity.names"#, .doubled, "+"), (#"identity.names startsWith "sh""#, .full, "+"),
        (#"identity.groups contains "staff""#, .full, "+"), (#""ops" in identity.groups"#, .full, "-"),
        (#"identity.groups contains "shop""#, .full, "-"), (#"identity.groups contains "staff""#, .anonymous, "?"),
        (#"identity.groups contains "staff""#, .doubled, "-"), ("has(identity.groups)", .anonymous, "-"),
        ("has(identity)", .full, "+"), ("has(identity)", .anonymous, "-"), ("has(identity.names)", .anonymous, "-"),
        // certificate
        (#"certificate.subject == "CN=alice,O=Example""#, .full, "+"),
        (#"certificate.issuer == "CN=Example CA""#, .full, "+"),
        (#"certificate.serial == "0A1B""#, .full, "+"), (#"certificate.commonName == "alice""#, .full, "+"),
        (#"certificate.organizations contains "Example""#, .full, "+"),
        (#""Shop" in certificate.organizationalUnits"#, .full, "+"),
        (#"certificate.spiffe == "spiffe://example.org/ns/shop/sa/web""#, .full, "+"),
        (#"certificate.spiffe like "spiffe://example.org/ns/*/sa/web""#, .full, "+"),
        (#"certificate.spiffe startsWith "spiffe://example.org/ns/bank/""#, .full, "-"),
        (#"certificate.dns contains "one.agents.example.org""#, .full, "+"),
        (#"certificate.dns like "*.agents.example.org""#, .full, "+"),
        (#"certificate.dns endsWith ".example.net""#, .full, "-"),
        (#"certificate.uris contains "spiffe://example.org""#, .full, "-"),
        (#"certificate.emails endsWith "@example.org""#, .full, "+"),
        (#"certificate.authority == "clients""#, .full, "+"),
        (#"certificate.notAfter > "2027-01-01""#, .full, "+"), (#"certificate.notAfter < "2027-01-01""#, .full, "-"),
        (#"certificate.notBefore <= "2023-11-14T22:13:20Z""#, .full, "+"),
        (#"certificate.notBefore < "2023-11-14T22:13:20Z""#, .full, "-"),
        ("certificate.notAfter > time.now", .full, "+"), ("certificate.notBefore >= time.now", .full, "-"),
        (#"certificate.subject == "CN=alice,O=Example""#, .anonymous, "?"),
        (#"certificate.subject != "CN=bob""#, .anonymous, "?"),
        (#"certificate.dns contains "x""#, .anonymous, "?"), ("has(certificate)", .full, "+"),
        ("has(certificate)", .anonymous, "-"),
        ("has(certificate.spiffe)", .anonymous, "-"), (#"certificate.notAfter > "2027-01-01""#, .anonymous, "?"),
        // token
        (#"token.issuer == "https://id.example.org""#, .full, "+"),
        (#"token.issuer == "https://id.example.org/""#, .full, "-"),
        (#"token.subject == "alice""#, .full, "+"), (#"token.audience contains "orders""#, .full, "+"),
        (#""orders:read" in token.scope"#, .full, "+"), (#""orders" in token.scope"#, .full, "-"),
        (#"token.scope contains "orders:re""#, .full, "-"), (#"token.client == "app""#, .full, "+"),
        ("token.expires > time.now", .full, "+"), ("token.subject == certificate.commonName", .full, "+"),
        ("token.subject != certificate.commonName", .full, "-"), ("token.subject == key.name", .full, "-"),
        ("certificate.commonName in token.audience", .full, "-"), (#"token.subject == "alice""#, .anonymous, "?"),
        (#"token.subject != "mallory""#, .anonymous, "?"), ("token.subject == certificate.commonName", .anonymous, "?"),
        ("token.subject == certificate.commonName", .doubled, "?"), ("has(token)", .anonymous, "-"),
        ("has(token)", .full, "+"),
        // claims
        (#"token.claim["role"] == "non-admin""#, .full, "+"), (#"token.claim["role"] contains "admin""#, .full, "?"),
        (#"token.claim["role"] endsWith "admin""#, .full, "+"), (#""admin" in token.claim["role"]"#, .full, "?"),
        (#"token.claim["roles"] contains "admin""#, .full, "+"), (#""admin" in token.claim["roles"]"#, .full, "+"),
        (#""adm" in token.claim["roles"]"#, .full, "-"), (#"token.claim["roles"] contains 7"#, .full, "+"),
        (#"7 in token.claim["roles"]"#, .full, "+"), (#"token.claim["roles"] contains "7""#, .full, "-"),
        (#"token.claim["roles"] == "admin""#, .full, "?"), (#"token.claim["roles"] != "admin""#, .full, "?"),
        (#"token.claim["level"] == 3"#, .full, "+"), (#"token.claim["level"] >= 3"#, .full, "+"),
        (#"token.claim["level"] > 3"#, .full, "-"), (#"token.claim["level"] == "3""#, .full, "?"),
        (#"token.claim["level"] != "3""#, .full, "?"), (#"token.claim["level"] in [1, 2, 3]"#, .full, "+"),
        (#"token.claim["level"] in ["3"]"#, .full, "?"), (#"token.claim["level"] in ["x", 4]"#, .full, "-"),
        (#"token.claim["score"] < 1"#, .full, "+"), (#"token.claim["score"] == 0"#, .full, "-"),
        (#"token.claim["verified"]"#, .full, "+"), (#"token.claim["blocked"]"#, .full, "-"),
        (#"not token.claim["blocked"]"#, .full, "+"), (#"not token.claim["missing"]"#, .full, "?"),
        (#"token.claim["verified"] == true"#, .full, "+"), (#"token.claim["verified"] == "true""#, .full, "?"),
        (#"token.claim["role"]"#, .full, "?"), (#"has(token.claim["nothing"])"#, .full, "-"),
        (#"token.claim["https://example.org/team"] == "blue""#, .full, "+"),
        (#"token.claim["a.b"] == "dotted""#, .full, "+"),
        (#"token.claim["realm_access"]["roles"] contains "ops""#, .full, "+"),
        (#"token.claim["realm_access"]["deep"]["er"] == "x""#, .full, "+"),
        (#"token.claim["realm_access.roles"] contains "ops""#, .full, "?"),
        (#"token.claim["realm_access"] == "ops""#, .full, "?"), (#"has(token.claim["realm_access"])"#, .full, "+"),
        (#"token.claim["role"]["x"] == "y""#, .full, "?"), (#"token.claim["level"] > 1"#, .anonymous, "?"),
        // key
        (#"key.name == "ci-bot""#, .full, "+"), (#"key.identity == "agent""#, .full, "+"), ("has(key)", .full, "+"),
        ("has(key)", .anonymous, "-"), (#"key.name != "ci-bot""#, .anonymous, "?"),
        // TLS
        (#"tls.version == "TLSv1.3""#, .full, "+"), (#"tls.version != "TLSv1.2""#, .anonymous, "+"),
        (#"tls.cipher startsWith "TLS_AES""#, .full, "+"), (#"tls.group == "X25519MLKEM768""#, .full, "+"),
        ("tls.resumed", .full, "-"), ("not tls.resumed", .full, "+"), ("tls.resumed == false", .full, "+"),
        (#"tls.ja4 startsWith "t13d""#, .full, "+"), (#"tls.ja3 == "x""#, .full, "?"),
        (#"tls.serverName == "api.example.org""#, .full, "+"),
        ("tls.serverName == request.host", .full, "+"),
        // time: 1795449600 is 2026-11-23 16:00:00 UTC, a Monday; -1 is 1969-12-31 23:59:59, a Wednesday
        ("time.hour == 16", .full, "+"), ("time.hour >= 9", .full, "+"), ("time.hour < 16", .full, "-"),
        ("time.minute == 0", .full, "+"),
        (#"time.weekday == "monday""#, .full, "+"), (#"time.weekday in ["saturday", "sunday"]"#, .full, "-"),
        (#"time.date == "2026-11-23""#, .full, "+"), (#"time.date >= "2026-11-24""#, .full, "-"),
        (#"time.now > "2026-11-23T15:59:59Z""#, .full, "+"), (#"time.now <= "2026-11-23T15:59:59Z""#, .full, "-"),
        ("time.hour == 23", .doubled, "+"), ("time.minute == 59", .doubled, "+"),
        (#"time.weekday == "wednesday""#, .doubled, "+"),
        (#"time.date == "1969-12-31""#, .doubled, "+"), ("time.hour in [15, 16, 17]", .full, "+"),
        ("time.hour not in [16]", .full, "-"),
        // and, or, not with three values
        ("has(token) and has(key)", .full, "+"), ("has(token) and has(key)", .anonymous, "-"),
        ("has(token) or has(key)", .anonymous, "-"),
        (#"key.name == "x" and has(token)"#, .anonymous, "-"), (#"has(token) and key.name == "x""#, .anonymous, "-"),
        (#"key.name == "x" or tls.version == "TLSv1.3""#, .anonymous, "+"),
        (#"key.name == "x" or has(token)"#, .anonymous, "?"),
        (#"key.name == "x" and tls.version == "TLSv1.3""#, .anonymous, "?"), (#"not key.name == "x""#, .anonymous, "?"),
        ("not not has(token)", .full, "+"), ("not (has(token) and has(key))", .anonymous, "+"),
        ("has(key) or has(token) and tls.resumed", .full, "+"),
        ("(has(key) or has(token)) and tls.resumed", .full, "-"),
        ("not tls.resumed and has(token)", .full, "+"), ("not (tls.resumed or has(token))", .full, "-"),
        ("has(token) and has(key) and has(certificate) and not tls.resumed", .full, "+"),
        ("tls.resumed or tls.resumed or has(key)", .full, "+"),
    ]

    @Test func thereAreManyRows() { #expect(Self.rows.count >= 200) }

    @Test(arguments: rows) func outcome(_ text: String, _ request: RequestCase, _ expected: Character) throws {
        let circumstances = try request.circumstances
        let condition = try Condition(text)
        let wanted: Outcome = expected == "+" ? .holds : expected == "-" ? .fails : .undecided
        #expect(condition.outcome(circumstances) == wanted)
        #expect(condition.explain(circumstances).last?.outcome == wanted, "the explanation says something else")
    }

    /// Whatever surrounds it, a doubt opens nothing: replacing it by true or by false never makes the outcome worse
    /// than the doubt made it.
    @Test func aDoubtIsBetweenTrueAndFalse() throws {
        let circumstances = try RequestCase.anonymous.circumstances
        let shapes = [
            "A and B", "A or B", "not A and B", "not (A or B)", "not (A and not B)", "(A or B) and (not A or B)",
            "A and B or not A",
        ]
        let (yes, no, doubt) = (#"tls.version == "TLSv1.3""#, "tls.resumed", #"key.name == "x""#)
        func outcome(_ shape: String, _ first: String, _ second: String) throws -> Outcome {
            let text = String(shape.flatMap { $0 == "A" ? "(\(first))" : $0 == "B" ? "(\(second))" : String($0) })
            return try Condition(text).outcome(circumstances)
        }
        for shape in shapes {
            for other in [yes, no] {
                let decided = [try outcome(shape, yes, other), try outcome(shape, no, other)]
                let open = try outcome(shape, doubt, other)
                if open != .undecided { #expect(decided.allSatisfy { $0 == open }, "\(shape) \(other)") }
            }
        }
    }

    @Test func explanationShowsEveryPart() throws {
        let condition = try Condition(#"(has(key) or token.subject == "bob") and not request.path startsWith "/admin""#)
        let steps = condition.explain(try RequestCase.full.circumstances)
        #expect(
            steps.map(\.text) == [
                "has(key)", #"token.subject == "bob""#, #"has(key) or token.subject == "bob""#,
                #"request.path startsWith "/admin""#, #"not request.path startsWith "/admin""#,
                #"(has(key) or token.subject == "bob") and not request.path startsWith "/admin""#,
            ])
        #expect(steps.map(\.outcome) == [.holds, .fails, .holds, .fails, .holds, .holds])
        #expect(steps.map(\.value) == [nil, "\"alice\"", nil, "\"/orders/17\"", nil, nil])
    }

    @Test func explanationIsPrintable() throws {
        let head = try RequestCase.head("GET /", "x-odd: \u{e9}\u{85}" + String(repeating: "y", count: 200) + "\r\n")
        let circumstances = Circumstances(head: head, client: nil, session: RequestCase.session, now: 0)
        let value = try Condition(#"request.header["x-odd"] == "a""#).explain(circumstances).last?.value
        #expect(value?.hasPrefix("\"????yyy") == true)
        #expect((value?.count ?? 0) < 100)
    }

    @Test func missingGuardsAreNamed() throws {
        func facts(_ text: String) throws -> [String] { try Condition(text).unguarded.map(\.fact.text) }
        #expect(try facts(#"request.header["x-a"] == "1""#) == [#"request.header["x-a"]"#])
        #expect(try facts(#"has(request.header["x-a"]) and request.header["x-a"] == "1""#) == [])
        #expect(try facts(#"has(token) and token.issuer == "x""#) == [])
        #expect(try facts(#"has(token) and token.claim["level"] > 1"#) == [#"token.claim["level"]"#])
        #expect(try facts(#"request.method == "GET" and time.hour < 7"#) == [])
    }
}
