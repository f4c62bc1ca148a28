@testable import SallyportConfig
@testable import SallyportPKI

/// Whatever a client sends: JSON is read as it would be written again, a certificate request that is let in asks for
/// safe names only, and nothing that the server has not signed itself gets further than a refusal.
func fuzzACMERequest(_ bytes: [UInt8]) {
    checkJSON(bytes)
    checkCertificateRequest(bytes)
    checkServer(bytes)
}

private func checkJSON(_ bytes: [UInt8]) {
    do throws(JOSEFailure) {
        let value = try JSONText.parse(bytes)
        require(try JSONText.parse(Array(value.compact.utf8)) == value, "JSON changes when it is written again")
    } catch {
        require(!error.description.isEmpty, "a refusal without words")
    }
}

private func checkCertificateRequest(_ bytes: [UInt8]) {
    do throws(PKIError) {
        let request = try CertificateRequest(body: bytes)
        for name in request.dnsNames + request.addresses + request.uris {
            require(!name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "unsafe name")
        }
    } catch {
        require(!error.detail.isEmpty, "a refusal without words")
    }
}

private func checkServer(_ bytes: [UInt8]) {
    var server: ACMEServer
    do throws(PKIError) {
        server = try ACMEServer(policy: ACMEPolicy(externalAccounts: [:], challenges: [.http], ordersPerHour: 1))
    } catch {
        fatalError("a server without records does not begin")
    }
    for path in ["/new-account", "/new-order", "/revoke-cert", "/key-change"] {
        let request = ACMERequest(
            method: .post, base: "https://a/acme", path: path, contentType: "application/jose+json", body: bytes)
        guard case .reply(let response) = server.handle(request, at: 0) else { fatalError("somebody got something") }
        require(response.status >= 400, "a stranger was let in")
        require(server.takeChanges().isEmpty, "a stranger changed something")
    }
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
