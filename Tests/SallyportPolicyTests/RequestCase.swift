import SallyportHTTP
import SallyportModel

@testable import SallyportPolicy

/// Requests that conditions are asked about.
enum RequestCase: String, CaseIterable {
    /// alice with certificate, token and key.
    case full
    /// Nobody has proved anything.
    case anonymous
    /// A certificate that no rule names, and fields and parameters that come twice.
    case doubled

    var circumstances: Circumstances {
        get throws {
            switch self {
            case .full:
                try Circumstances(
                    head: Self.head("POST /orders/17?team=a%2Bb&n=1&empty=", "x-team: orders\r\nX-Version: 2\r\n"),
                    client: ClientAddress("10.1.2.3"), certificate: Self.alice, names: ["alice", "shop"],
                    groups: IdentityGroups([.init("staff", ["bob", "shop"]), .init("ops", ["bob"])]), token: Self.token, key: KeyFacts(name: "ci-bot", identity: "agent"), session: Self.session,
                    now: 1_795_449_600)
            case .anonymous:
                try Circumstances(
                    head: Self.head("GET /", ""), client: ClientAddress("2001:db8::7"), session: Self.session,
                    now: 1_795_449_600)
            case .doubled:
                try Circumstances(
                    head: Self.head("GET /a?x=1&x=2", "x-team: a\r\nx-team: b\r\nx-hop: 1\r\nConnection: x-hop\r\n"),
                    client: ClientAddress("::ffff:10.1.2.3"), certificate: Self.alice, names: [],
                    session: Self.session, now: -1)
            }
        }
    }

    struct NoHead: Error {}

    static func head(_ start: String, _ fields: String) throws -> RequestHead {
        let bytes = Array("\(start) HTTP/1.1\r\nHost: api.example.org\r\n\(fields)\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(bytes.span.bytes).event else { throw NoHead() }
        return head
    }

    static let session = SessionFacts(
        version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", group: "X25519MLKEM768", resumed: false,
        serverName: "api.example.org", ja4: "t13d1516h2_8daaf6152771_02713d6af862")

    static let alice = Identity(
        names: ["alice", "shop"],
        certificate: CertificateFacts(
            subject: "CN=alice,O=Example", issuer: "CN=Example CA", serial: "0A1B", commonName: "alice",
            organizations: ["Example"], organizationalUnits: ["Operations", "Shop"],
            dnsNames: ["one.agents.example.org"], uris: ["spiffe://example.org/ns/shop/sa/web"],
            emails: ["alice@example.org"], notBefore: 1_700_000_000, notAfter: 1_800_000_000, fingerprint: [], der: []),
        authority: "clients")

    static let token = TokenFacts(
        issuer: "https://id.example.org", subject: "alice", audience: ["orders", "stock"],
        scope: ["orders:read", "orders:write"], client: "app", expires: 1_795_450_000,
        claims: .object([
            "roles": .list([.text("admin"), .text("buyer"), .integer(7)]), "role": .text("non-admin"),
            "level": .integer(3),
            "score": .decimal(0.5), "verified": .truth(true), "blocked": .truth(false), "nothing": .null,
            "https://example.org/team": .text("blue"), "a.b": .text("dotted"),
            "realm_access": .object(["roles": .list([.text("ops")]), "deep": .object(["er": .text("x")])]),
        ]))
}
