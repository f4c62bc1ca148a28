import SallyportConfig
import Testing

@testable import SallyportPKI

/// Who may say what: attacks on signatures, nonces and accounts.
@Suite struct ACMEAccountTests {
    private let mine: JSONWebSigner
    private let other: JSONWebSigner

    init() throws {
        mine = try JSONWebSigner()
        other = try JSONWebSigner()
    }

    @Test func anAccountNeedsItsBinding() throws {
        var world = try ACMEWorld()
        #expect(
            try world.post("/new-account", .object([]), by: mine, account: nil).error == "externalAccountRequired")
        let url = ACMEWorld.base + "/new-account"
        let bad = [
            mine.externalAccountBinding(identifier: "ci", secret: [UInt8](repeating: 8, count: 32), url: url),
            mine.externalAccountBinding(identifier: "nobody", secret: ACMEWorld.secret, url: url),
            other.externalAccountBinding(identifier: "ci", secret: ACMEWorld.secret, url: url),
        ]
        for binding in bad {
            let payload = JSONValue.members(["externalAccountBinding": binding])
            #expect(try world.post("/new-account", payload, by: mine, account: nil).error == "unauthorized")
        }
        let misplaced = mine.externalAccountBinding(
            identifier: "ci", secret: ACMEWorld.secret, url: ACMEWorld.base + "/new-order")
        let payload = JSONValue.members(["externalAccountBinding": misplaced])
        #expect(try world.post("/new-account", payload, by: mine, account: nil).error == "malformed")
        #expect(world.changes.isEmpty)
    }

    /// A binding that is signed like a request is no binding: the account key is nobody's secret.
    @Test func aBindingIsAMACAndNothingElse() throws {
        var world = try ACMEWorld()
        let signed = try mine.sign(
            payload: mine.publicKey.json, url: ACMEWorld.base + "/new-account", nonce: nil, account: "ci")
        let payload = JSONValue.members(["externalAccountBinding": try JSONText.parse(signed)])
        #expect(try world.post("/new-account", payload, by: mine, account: nil).error == "malformed")
    }

    @Test func theSameKeyIsTheSameAccount() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let again = try world.post(
            "/new-account", .members(["onlyReturnExisting": .bool(true)]), by: mine, account: nil)
        #expect(again.status == 200 && again.fields["location"] == account)
        let unknown = try world.post(
            "/new-account", .members(["onlyReturnExisting": .bool(true)]), by: other, account: nil)
        #expect(unknown.error == "accountDoesNotExist")
    }

    @Test func aNonceIsGoodOnceAndForAnHour() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let nonce = try world.nonce()
        #expect(
            try world.post("/new-order", ACMEWorld.order(["web.test"]), by: mine, account: account, nonce: nonce).status
                == 201)
        #expect(
            try world.post("/new-order", ACMEWorld.order(["web.test"]), by: mine, account: account, nonce: nonce).error
                == "badNonce")
        let old = try world.nonce()
        world.now += 3601
        #expect(
            try world.post(ACMEWorld.path(account), nil, by: mine, account: account, nonce: old).error == "badNonce")
        for invented in ["AAAA", Base64URL.encode([UInt8](repeating: 0, count: 32))] {
            #expect(
                try world.post(ACMEWorld.path(account), nil, by: mine, account: account, nonce: invented).error
                    == "badNonce")
        }
    }

    @Test func aNonceOfAnotherServerIsNotGood() throws {
        var world = try ACMEWorld()
        var elsewhere = try ACMEWorld()
        let account = try world.account(mine)
        let nonce = try elsewhere.nonce()
        #expect(
            try world.post(ACMEWorld.path(account), nil, by: mine, account: account, nonce: nonce).error == "badNonce")
    }

    @Test func theSignedURLIsTheOneThatIsAsked() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        for url in [
            ACMEWorld.base + "/revoke-cert", "https://other.test/acme/new-order", ACMEWorld.base + "/new-order/",
        ] {
            let answer = try world.post(
                "/new-order", ACMEWorld.order(["web.test"]), by: mine, account: account, url: url)
            #expect(answer.error == "unauthorized")
        }
    }

    @Test func nobodySignsForAnother() throws {
        var world = try ACMEWorld()
        let (first, second) = (try world.account(mine), try world.account(other))
        let path = ACMEWorld.path(try #require(try world.order(["web.test"], mine, first).fields["location"]))
        #expect(try world.post(path, nil, by: other, account: first).error == "unauthorized")
        #expect(try world.post(path, nil, by: other, account: second).error == "unauthorized")
        #expect(try world.post(path, nil, by: mine, account: first).status == 200)
        #expect(try world.post(ACMEWorld.path(first), nil, by: other, account: second).error == "unauthorized")
        #expect(
            try world.post(ACMEWorld.path(first) + "/orders", nil, by: other, account: second).error == "unauthorized")
        for kid in ["https://other.test/acme/account/x", ACMEWorld.base + "/account/", first + "/", ""]
        where !kid.isEmpty {
            #expect(try world.post(path, nil, by: mine, account: kid).error == "accountDoesNotExist")
        }
    }

    /// A key instead of an account's URL would pass by whether the account is still valid.
    @Test func aKeyIsNoAccount() throws {
        var world = try ACMEWorld()
        _ = try world.account(mine)
        #expect(
            try world.post("/new-order", ACMEWorld.order(["web.test"]), by: mine, account: nil).error == "malformed")
    }

    @Test func aDeactivatedAccountDoesNothingMore() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let order = try world.readyOrder(["web.test"], mine, account)
        let end = JSONValue.members(["status": .string("deactivated")])
        #expect(try world.post(ACMEWorld.path(account), end, by: mine, account: account).status == 200)
        #expect(try world.post(order, nil, by: mine, account: account).error == "unauthorized")
        #expect(try world.post("/new-account", .object([]), by: mine, account: nil).error == "unauthorized")
    }

    @Test func anAccountEndsWithItsEntry() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        world.server.policy.externalAccounts = [:]
        #expect(try world.order(["web.test"], mine, account).error == "unauthorized")
    }

    @Test func anEntryHasABoundedNumberOfAccounts() throws {
        var world = try ACMEWorld()
        for _ in 0..<ACMEServer.maximumAccountsPerEntry { _ = try world.account(try JSONWebSigner()) }
        let binding = mine.externalAccountBinding(
            identifier: "ci", secret: ACMEWorld.secret, url: ACMEWorld.base + "/new-account")
        let answer = try world.post(
            "/new-account", .members(["externalAccountBinding": binding]), by: mine, account: nil)
        #expect(answer.status == 403)
    }

    @Test func aKeyChangesWithBothSignatures() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let url = ACMEWorld.base + "/key-change"
        let change = JSONValue.members(["account": .string(account), "oldKey": mine.publicKey.json])
        func inner(_ signer: JSONWebSigner, _ payload: JSONValue) throws -> JSONValue {
            try JSONText.parse(signer.sign(payload: payload, url: url, nonce: nil, account: nil))
        }
        let stolen = JSONValue.members(["account": .string(account), "oldKey": other.publicKey.json])
        #expect(try world.post("/key-change", inner(other, stolen), by: mine, account: account).error == "malformed")
        #expect(try world.post("/key-change", inner(other, change), by: mine, account: account).status == 200)
        #expect(try world.post(ACMEWorld.path(account), nil, by: mine, account: account).error == "unauthorized")
        #expect(try world.post(ACMEWorld.path(account), nil, by: other, account: account).status == 200)
        let third = try JSONWebSigner()
        let second = try world.account(third)
        let taken = JSONValue.members(["account": .string(second), "oldKey": third.publicKey.json])
        #expect(try world.post("/key-change", inner(other, taken), by: third, account: second).status == 409)
    }

    @Test func everyPostIsJOSE() throws {
        var world = try ACMEWorld()
        #expect(try world.post("/new-account", body: Array("{}".utf8), contentType: "application/json").status == 415)
        #expect(try world.post("/new-account", body: Array("{}".utf8), contentType: nil).status == 415)
        #expect(try world.send(ACMERequest(method: .get, base: ACMEWorld.base, path: "/new-order")).status == 405)
        #expect(try world.send(ACMERequest(method: .other, base: ACMEWorld.base, path: "/directory")).status == 405)
    }
}
