import Foundation
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct PKCS12Tests {
    private let now = Int64(Date().timeIntervalSince1970)

    private struct Bundle {
        let folder: TemporaryFolder
        let authority: LocalAuthority
        let issued: IssuedCertificate
        let path: String
        let password: String
    }

    private func bundle(password: String = PKCS12.generatedPassword()) throws -> Bundle {
        let folder = try TemporaryFolder()
        let authority = try LocalAuthority.openOrCreate(StateDirectory(path: folder.path("s")), at: now)
        let issued = try authority.issueClient(name: "alice", at: now)
        let files = try authority.store(issued, pkcs12Password: password)
        return Bundle(
            folder: folder, authority: authority, issued: issued, path: try #require(files.pkcs12), password: password)
    }

    @Test(arguments: ["correct horse", "pässwörd €", "a"]) func openSSLReadsIt(_ password: String) throws {
        let bundle = try bundle(password: password)
        let passwordFile = bundle.folder.path("password")
        try Array(password.utf8).write(to: passwordFile)
        let text = try Tool.run("openssl", ["pkcs12", "-in", bundle.path, "-passin", "file:\(passwordFile)", "-nodes"])
        #expect(text.components(separatedBy: "BEGIN CERTIFICATE").count == 4, "leaf, intermediate, root")
        #expect(text.contains("friendlyName: alice") && text.contains("localKeyID"))
        #expect(try PEMFile.privateKey(in: Array(text.utf8), source: "openssl").pkcs8DER == bundle.issued.key.pkcs8DER)
    }

    @Test func algorithmsAreModern() throws {
        let bundle = try bundle()
        let folder = bundle.folder
        let script = "openssl pkcs12 -in '\(bundle.path)' -passin 'pass:\(bundle.password)' -info -noout 2>&1"
        let text = try Tool.run("sh", ["-c", script])
        #expect(text.contains("MAC: sha256, Iteration 210000"))
        #expect(
            text.components(separatedBy: "PBES2, PBKDF2, AES-256-CBC, Iteration 210000, PRF hmacWithSHA256").count == 3)
        #expect(!text.contains("RC2") && !text.contains("3DES"))
        _ = folder
    }

    @Test func wrongPasswordAndDamageAreNoticed() throws {
        let bundle = try bundle()
        #expect(throws: Tool.Failure.self) {
            try Tool.run("openssl", ["pkcs12", "-in", bundle.path, "-passin", "pass:wrong", "-noout"])
        }
        var bytes = try FileContents.read(bundle.path, limit: 1 << 20)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: bundle.path)
        #expect(throws: Tool.Failure.self) {
            try Tool.run("openssl", ["pkcs12", "-in", bundle.path, "-passin", "pass:\(bundle.password)", "-noout"])
        }
    }

    @Test func pythonReadsIt() throws {
        guard Tool.has("python3", ["-c", "import cryptography"]) else { return }
        let bundle = try bundle()
        let script = """
            import sys
            from cryptography.hazmat.primitives.serialization import pkcs12
            p = pkcs12.load_pkcs12(open(sys.argv[1], 'rb').read(), sys.argv[2].encode())
            assert p.cert.friendly_name == b'alice', p.cert.friendly_name
            assert p.cert.certificate.public_key() == p.key.public_key()
            assert len(p.additional_certs) == 2
            """
        try Tool.run("python3", ["-c", script, bundle.path, bundle.password])
    }

    /// The whole way: our server certificate, our root, our client bundle, a handshake between two other programs.
    @Test func curlPresentsItToOpenSSL() throws {
        guard Tool.has("curl", ["--version"]) else { return }
        let bundle = try bundle()
        let server = try bundle.authority.store(
            bundle.authority.issueServer(names: ["localhost"], lifetime: .seconds(3600), at: now))
        let script = """
            port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
            openssl s_server -accept 127.0.0.1:$port -cert "$1" -cert_chain "$1" -key "$2" -CAfile "$3" -Verify 3 \
                -verify_return_error -www -quiet >/dev/null 2>&1 &
            server=$!
            curl --silent --show-error --retry 20 --retry-connrefused --retry-delay 1 --cacert "$3" --cert-type P12 \
                --cert "$4:$5" --output /dev/null --write-out '%{http_code}' "https://localhost:$port/"
            status=$?
            kill -9 $server
            exit $status
            """
        let answer = try Tool.run(
            "sh",
            [
                "-c", script, "sh", server.certificate, server.key, bundle.authority.state.rootCertificate, bundle.path,
                bundle.password,
            ])
        #expect(answer == "200")
    }

    @Test func fileIsPrivateAndPasswordIsNeeded() throws {
        let bundle = try bundle()
        #expect(try FileManager.default.attributesOfItem(atPath: bundle.path)[.posixPermissions] as? Int == 0o600)
        #expect(throws: PKIError.self) {
            try PKCS12.encode(chain: bundle.issued.chain, key: bundle.issued.key, friendlyName: "a", password: "")
        }
        #expect(throws: PKIError.self) {
            try PKCS12.encode(chain: [], key: bundle.issued.key, friendlyName: "a", password: "x")
        }
    }

    @Test func passwordsDiffer() {
        let passwords = (0..<100).map { _ in PKCS12.generatedPassword() }
        #expect(Set(passwords).count == 100 && passwords.allSatisfy { $0.count == 20 })
    }
}
