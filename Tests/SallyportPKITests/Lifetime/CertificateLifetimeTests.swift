import Foundation
import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct CertificateLifetimeTests {
    private let now = CertificateFactory.now
    private let day = CertificateFactory.day

    private func lifetime(_ renewsItself: Bool = false) throws -> CertificateLifetime {
        var recipe = CertificateFactory.Recipe()
        recipe.notBefore = now - 10 * day
        recipe.notAfter = now + 30 * day
        return CertificateLifetime(
            try CertificateFactory.make(recipe).parsed(), use: .listener, name: "main", source: "a.pem",
            renewsItself: renewsItself)
    }

    @Test func shareAndDays() throws {
        let one = try lifetime()
        #expect(one.share(at: now) == 0.75 && one.daysLeft(at: now) == 30)
        #expect(one.share(at: now + 40 * day) == 0 && one.daysLeft(at: now + 30 * day + 1) == -1)
        #expect(one.share(at: now - 40 * day) == 1)
        #expect(one.hasExpired(at: now + 30 * day + 1) && !one.hasExpired(at: now + 30 * day))
        #expect(one.names == ["spiffe://test/alice"])
        for extreme in [Int64.min, Int64.max] {
            #expect((0...1).contains(one.share(at: extreme)))
            _ = (one.daysLeft(at: extreme), one.ends(within: 1, at: extreme))
        }
    }

    @Test func endsWithin() throws {
        #expect(try lifetime().ends(within: 30 * day, at: now))
        #expect(try !lifetime().ends(within: 30 * day - 1, at: now))
        #expect(try lifetime().ends(within: 0, at: now + 60 * day), "what has ended has ended")
        #expect(try !lifetime(true).ends(within: 30 * day, at: now), "it renews itself")
        #expect(try lifetime(true).ends(within: 30 * day, at: now + 25 * day), "it should have renewed itself by now")
    }

    @Test func everythingThatAConfigurationUses() throws {
        let folder = try TemporaryFolder()
        let good = try GoodChain()
        let certificate = folder.path("c.pem")
        let key = folder.path("k.pem")
        try Array(PEMBlock.encode(good.presented, label: PEMBlock.certificate).utf8).write(to: certificate)
        try Array(good.leaf.key.serializeAsPEM().pemString.utf8).write(to: key)
        var old = CertificateFactory.Recipe.authority("Old")
        old.notAfter = now - 1
        let bundle = PEMBlock.encode(
            [try CertificateFactory.make(old).der, good.root.der, good.root.der], label: PEMBlock.certificate)
        try Array(bundle.utf8).write(to: folder.path("b.pem"))
        let present = PresentedCertificate(certificate: certificate, key: .file(key))
        let tls = ListenerTLS(profile: "default", certificate: .files(certificate: certificate, key: .file(key)))
        let configuration = Configuration(
            listeners: [Listener(name: "main", address: SocketAddressText(host: "", port: 1), kind: .tls(tls))],
            authorities: ["a": Authority(name: "a", source: .file(folder.path("b.pem")))],
            upstreams: ["u": Upstream(name: "u", targets: [], tls: UpstreamTLS(present: present))])
        let secrets = SecretReader(environment: [:])
        let read = ConfiguredCertificates(configuration, secrets: secrets, at: now)
        #expect(read.diagnostics.map(\.reason) == [.bundleCertificateExpired, .certificateTwice])
        #expect(read.diagnostics.allSatisfy { $0.severity == .warning && $0.keyPath == "pki.authorities.a.file" })
        let lifetimes = CertificateInventory(
            configuration, credentials: read.credentials, bundles: read.bundles, local: nil
        ).lifetimes()
        #expect(lifetimes.map(\.use) == [.listener, .listener, .upstream, .upstream, .trust, .trust])
        #expect(lifetimes.last?.subject == "CN=Old" && lifetimes.last?.hasExpired(at: now) == true)

        try Array("rubbish".utf8).write(to: key)
        try Array("-----BEGIN CERTIFICATE-----\n".utf8).write(to: folder.path("b.pem"))
        let broken = ConfiguredCertificates(configuration, secrets: secrets, at: now)
        #expect(Set(broken.diagnostics.map(\.reason)) == [.privateKeyUnusable, .pemMalformed], "all at once")
        #expect(broken.diagnostics.allSatisfy { $0.severity == .error })
    }

    @Test func namesThatNobodyCanBear() throws {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        for name in ["alice", "gone"] { _ = try authority.issueClient(name: name, at: now) }
        _ = try authority.revoke("gone", at: now)
        let route = Route(
            name: "r", match: RouteMatch(path: .prefix("/")), allow: .identities(["alice", "gone", "nobody-yet", "shop"]),
            upstream: "u")
        let configuration = Configuration(identities: [IdentityRule(name: "shop")], routes: [route, route])
        let findings = IssuedNames.findings(configuration, issued: try authority.issued(), at: now)
        #expect(findings.map(\.reason) == [.allowedNameNotIssued, .allowedNameNotIssued])
        #expect(findings.map(\.help) == [["sallyport cert client gone"], ["sallyport cert client nobody-yet"]])
        #expect(findings.allSatisfy { $0.severity == .warning })
    }
}
