import Crypto
import Foundation
import SallyportConfig
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

/// Orders from their beginning to their certificate, and every way off that path.
@Suite struct ACMEOrderTests {
    private let mine: JSONWebSigner

    init() throws { mine = try JSONWebSigner() }

    @Test func anOrderBecomesACertificate() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let order = try world.readyOrder(["web.test", "a.svc.test"], mine, account)
        #expect(try world.post(order, nil, by: mine, account: account).json?["status"]?.text == "ready")
        let authority = try Self.authority(at: world.now)
        let issuance = try Self.issuance(
            try world.finalize(
                order, RequestFactory(names: [.dnsName("web.test"), .dnsName("a.svc.test")]), mine, account))
        let certified = try authority.certify(
            issuance.request, subject: issuance.subject, lifetime: issuance.lifetime, at: world.now)
        #expect(certified.kind == .server && certified.name == "ci")
        #expect(certified.facts.notAfter == world.now + 3600)
        let answer = ACMEWorld.answer(world.server.finish(issuance, .success(certified), at: world.now))
        #expect(answer.json?["status"]?.text == "valid")
        let certificate = ACMEWorld.path(try #require(answer.json?["certificate"]?.text))
        let chain = try world.post(certificate, nil, by: mine, account: account)
        #expect(String(decoding: chain.body, as: UTF8.self) == certified.chainPEM)
        #expect(
            try world.finalize(order, RequestFactory(names: [.dnsName("web.test")]), mine, account).error
                == "orderNotReady")
    }

    @Test func aClientBearsTheNameOfItsExternalAccount() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let order = try world.readyOrder(["web.test"], mine, account, profile: "client")
        let issuance = try Self.issuance(
            try world.finalize(
                order, RequestFactory(commonName: "web.test", names: [.dnsName("web.test")]), mine, account))
        let certified = try Self.authority(at: world.now).certify(
            issuance.request, subject: issuance.subject, lifetime: issuance.lifetime, at: world.now)
        #expect(certified.facts.commonName == "ci" && certified.facts.dnsNames == ["web.test"])
        #expect(certified.facts.uris == ["spiffe://sallyport.local/client/ci"])
    }

    @Test(arguments: [
        ["other.test"], ["a.b.svc.test"], ["svc.test"], [".svc.test"], ["*.svc.test"], ["web.test", "evil.test"],
        ["127.0.0.1"],
        ["web.test\u{0}"], ["wéb.test"],
    ]) func namesThatAreNotGrantedAreRefused(names: [String]) throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        #expect(try world.order(names, mine, account).error == "rejectedIdentifier")
    }

    @Test func identifiersAreAListOfDistinctNames() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        for names in [[], ["web.test", "WEB.test"], (0...ACMEServer.maximumNames).map { "n\($0).svc.test" }] {
            #expect(try world.order(names, mine, account).error == "malformed")
        }
        let address = JSONValue.members([
            "identifiers": .array([.members(["type": .string("ip"), "value": .string("127.0.0.1")])])
        ])
        #expect(try world.post("/new-order", address, by: mine, account: account).error == "unsupportedIdentifier")
    }

    @Test func profilesAreThoseOfTheGrant() throws {
        var world = try ACMEWorld(usages: [.client])
        let account = try world.account(mine)
        #expect(try world.order(["web.test"], mine, account).json?["profile"]?.text == "client")
        for profile in ["server", "ca", ""] {
            #expect(try world.order(["web.test"], mine, account, profile: profile).error == "invalidProfile")
        }
    }

    @Test func oneFailedChallengeEndsTheOrder() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let answer = try world.order(["web.test", "a.svc.test"], mine, account)
        let order = ACMEWorld.path(try #require(answer.fields["location"]))
        let names = try #require(answer.json?["authorizations"]?.elements).compactMap { $0.text.map(ACMEWorld.path) }
        try world.prove(names[0], mine, account, .success(()))
        #expect(try world.post(order, nil, by: mine, account: account).json?["status"]?.text == "pending")
        try world.prove(names[1], mine, account, .failure(ValidationFailure(.unauthorized, "wrong")))
        let shown = try world.post(order, nil, by: mine, account: account)
        #expect(shown.json?["status"]?.text == "invalid")
        #expect(shown.json?["error"]?["type"]?.text == "urn:ietf:params:acme:error:unauthorized")
        #expect(
            try world.finalize(order, RequestFactory(names: [.dnsName("web.test")]), mine, account).error
                == "orderNotReady")
    }

    @Test func aChallengeIsLookedAtOnce() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let answer = try world.order(["web.test"], mine, account)
        let authorization = try #require(answer.json?["authorizations"]?.elements?.first?.text)
        let challenge = ACMEWorld.path(authorization).replacing("/authorization/", with: "/challenge/")
        _ = try world.post(challenge + "/http-01", .object([]), by: mine, account: account)
        _ = try world.post(challenge + "/http-01", .object([]), by: mine, account: account)
        #expect(
            try world.post(challenge + "/tls-alpn-01", .object([]), by: mine, account: account).error == "malformed")
        #expect(try world.post(challenge + "/dns-01", .object([]), by: mine, account: account).status == 404)
        let validations = world.server.takeValidations()
        #expect(validations.count == 1)
        let validation = try #require(validations.first)
        #expect(validation.keyAuthorization == "\(validation.token).\(mine.publicKey.thumbprint)")
        world.server.validated(validation, .failure(ValidationFailure(.connection, "")), at: world.now)
        world.server.validated(validation, .success(()), at: world.now)
        let order = ACMEWorld.path(try #require(answer.fields["location"]))
        #expect(try world.post(order, nil, by: mine, account: account).json?["status"]?.text == "invalid")
    }

    @Test func timeEndsAnOrder() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let order = try world.readyOrder(["web.test"], mine, account)
        world.now += ACMEServer.orderLifetime + 1
        #expect(try world.post(order, nil, by: mine, account: account).json?["status"]?.text == "invalid")
        #expect(
            try world.finalize(order, RequestFactory(names: [.dnsName("web.test")]), mine, account).error
                == "orderNotReady")
        world.now += 3600
        _ = try world.order(["web.test"], mine, account)
        #expect(try world.post(order, nil, by: mine, account: account).status == 404)
        let removed = world.changes.contains {
            if case .orderRemoved(let id) = $0 { order.hasSuffix(id) } else { false }
        }
        #expect(removed)
    }

    @Test func aRequestForMoreIsRefused() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let order = try world.readyOrder(["web.test"], mine, account)
        var authority = RequestFactory(names: [.dnsName("web.test")])
        try authority.extensions.append(
            Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: nil), critical: true))
        let bad = [
            RequestFactory(names: [.dnsName("web.test"), .dnsName("evil.test")]),
            RequestFactory(names: [.dnsName("evil.test")]),
            RequestFactory(commonName: "ci", names: [.dnsName("web.test")]), RequestFactory(), authority,
            RequestFactory(names: [
                .dnsName("web.test"), .uniformResourceIdentifier("spiffe://sallyport.local/client/ops"),
            ]),
            RequestFactory(names: [.dnsName("web.test"), .ipAddress(ASN1OctetString(contentBytes: [10, 0, 0, 1]))]),
            RequestFactory(
                key: Certificate.PrivateKey(try P256.Signing.PrivateKey(rawRepresentation: mine.rawRepresentation)),
                names: [.dnsName("web.test")]),
        ]
        for factory in bad { #expect(try world.finalize(order, factory, mine, account).error == "badCSR") }
        #expect(try world.finalize(order, RequestFactory(names: [.dnsName("web.test")]), mine, account).error == nil)
    }

    @Test func aGrantThatShrankIsHeldAtTheEnd() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let order = try world.readyOrder(["web.test"], mine, account)
        world.server.policy.externalAccounts["ci"]?.names = [NamePattern("other.test")]
        #expect(
            try world.finalize(order, RequestFactory(names: [.dnsName("web.test")]), mine, account).error
                == "unauthorized")
    }

    @Test func ordersAreCounted() throws {
        var world = try ACMEWorld(ordersPerHour: 2)
        let account = try world.account(mine)
        #expect(try world.order(["web.test"], mine, account).status == 201)
        #expect(try world.order(["web.test"], mine, account).status == 201)
        let third = try world.order(["web.test"], mine, account)
        #expect(third.status == 429 && third.error == "rateLimited" && third.fields["retry-after"] == "3600")
        world.now += 3601
        #expect(try world.order(["web.test"], mine, account).status == 201)
    }

    @Test func aCertificateIsRevokedByItsAccountOrItsKeyOnly() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let other = try JSONWebSigner()
        let stranger = try world.account(other)
        let key = P256.Signing.PrivateKey()
        let certified = try issued(&world, account, key: key)
        let payload = JSONValue.members(["certificate": .string(Base64URL.encode(certified.chain[0]))])
        #expect(try world.post("/revoke-cert", payload, by: other, account: stranger).error == "unauthorized")
        #expect(try world.post("/revoke-cert", payload, by: other, account: nil).error == "unauthorized")
        let odd = JSONValue.members([
            "certificate": .string(Base64URL.encode(certified.chain[0])), "reason": .integer(6),
        ])
        #expect(try world.post("/revoke-cert", odd, by: mine, account: account).error == "badRevocationReason")
        let foreign = JSONValue.members(["certificate": .string(Base64URL.encode(certified.chain[1]))])
        #expect(try world.post("/revoke-cert", foreign, by: mine, account: account).status == 404)
        let holder = try JSONWebSigner(rawRepresentation: Array(key.rawRepresentation))
        let body = try holder.sign(
            payload: payload, url: ACMEWorld.base + "/revoke-cert", nonce: try world.nonce(), account: nil)
        let request = ACMERequest(
            method: .post, base: ACMEWorld.base, path: "/revoke-cert", contentType: "application/jose+json", body: body)
        guard case .revoke(let revocation) = world.server.handle(request, at: world.now) else {
            Issue.record("the key of the certificate was not enough")
            return
        }
        #expect(revocation.serial == certified.facts.serial)
        let done = world.server.finish(revocation, .success(true), at: world.now)
        #expect(done.status == 200)
        #expect(try world.post("/revoke-cert", payload, by: mine, account: account).error == "alreadyRevoked")
    }

    @Test func renewalIsSuggestedAroundTwoThirds() throws {
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let certified = try issued(&world, account, key: P256.Signing.PrivateKey())
        let leaf = try ParsedCertificate(der: certified.chain[0])
        let issuer = try #require(leaf.extensions.authorityKeyIdentifier?.keyIdentifier)
        let id = Base64URL.encode(issuer) + "." + Base64URL.encode(leaf.envelope.serial)
        let answer = try world.send(ACMERequest(method: .get, base: ACMEWorld.base, path: "/renewal-info/" + id))
        let life = certified.facts.notAfter - certified.facts.notBefore
        let start = ACMEServer.time(certified.facts.notBefore + life * 60 / 100)
        #expect(answer.json?["suggestedWindow"]?["start"]?.text == start)
        let replacing = JSONValue.members([
            "identifiers": ACMEWorld.order(["web.test"])["identifiers"], "replaces": .string(id),
        ])
        #expect(try world.post("/new-order", replacing, by: mine, account: account).json?["replaces"]?.text == id)
        #expect(try world.post("/new-order", replacing, by: mine, account: account).error == "alreadyReplaced")
        #expect(
            try world.send(ACMERequest(method: .get, base: ACMEWorld.base, path: "/renewal-info/AA.BB")).status == 404)
    }

    @Test func everythingComesBackFromDisk() throws {
        let directory = StateDirectory(path: NSTemporaryDirectory() + "acme-\(UInt64.random(in: 0 ... .max))")
        let store = try ServerRecordStore(directory)
        var world = try ACMEWorld()
        let account = try world.account(mine)
        let certified = try issued(&world, account, key: P256.Signing.PrivateKey())
        let answer = try world.order(["web.test"], mine, account)
        let authorization = ACMEWorld.path(try #require(answer.json?["authorizations"]?.elements?.first?.text))
        let challenge = authorization.replacing("/authorization/", with: "/challenge/") + "/http-01"
        _ = try world.post(challenge, .object([]), by: mine, account: account)
        try store.write(world.changes)
        world.server = try store.server(policy: ACMEWorld.policy())
        let again = world.server.takeValidations()
        #expect(again.count == 1)
        #expect(try world.post(ACMEWorld.path(account), nil, by: mine, account: account).status == 200)
        #expect(world.server.orders.values.contains { $0.serial == certified.facts.serial })
        let file = try #require(try directory.files(in: "acme-server/accounts").first)
        try StateDirectory.writeAtomically(
            Array("{".utf8), to: "\(directory.path)/acme-server/accounts/\(file)", mode: 0o600)
        #expect(throws: PKIError.self) { try store.server(policy: ACMEWorld.policy()) }
        try FileManager.default.removeItem(atPath: directory.path)
    }

    // MARK: the authority

    private func issued(_ world: inout ACMEWorld, _ account: String, key: P256.Signing.PrivateKey) throws
        -> CertifiedKey
    {
        let order = try world.readyOrder(["web.test"], mine, account)
        let factory = RequestFactory(key: Certificate.PrivateKey(key), names: [.dnsName("web.test")])
        let issuance = try Self.issuance(try world.finalize(order, factory, mine, account))
        let certified = try Self.authority(at: world.now).certify(
            issuance.request, subject: issuance.subject, lifetime: issuance.lifetime, at: world.now)
        let done = world.server.finish(issuance, .success(certified), at: world.now)
        #expect(done.status == 200)
        world.changes += world.server.takeChanges()
        return certified
    }

    private static func authority(at now: Int64) throws -> LocalAuthority {
        let path = NSTemporaryDirectory() + "acme-ca-\(UInt64.random(in: 0 ... .max))"
        return try LocalAuthority.openOrCreate(StateDirectory(path: path), at: now)
    }

    private static func issuance(_ step: ACMEStep) throws -> ACMEIssuance {
        guard case .issue(let issuance) = step else {
            throw ServerProblem(.serverInternal, .internalError, "\(step)")
        }
        return issuance
    }
}

extension ACMEStep {
    /// The error's name; nil for what is no refusal.
    var error: String? {
        guard case .reply(let response) = self else { return nil }
        return ACMEWorld.answer(response).error
    }
}
