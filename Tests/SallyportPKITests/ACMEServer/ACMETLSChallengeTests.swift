import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import SallyportPKI

@Suite struct ACMETLSChallengeTests {
    @Test func onlyTheExactCertificateProves() throws {
        func failure(_ der: [UInt8]) -> ValidationFailure? {
            ACMETLSChallenge.check(der, name: "web.test", keyAuthorization: "token.thumb")
        }
        #expect(failure(try certificate(["web.test"], "token.thumb")) == nil)
        #expect(failure(try certificate(["web.test"], "token.other")) != nil)
        #expect(failure(try certificate(["other.test"], "token.thumb")) != nil)
        #expect(failure(try certificate(["web.test", "other.test"], "token.thumb")) != nil)
        #expect(failure(try certificate(["web.test"], "token.thumb", critical: false)) != nil)
        #expect(failure(try certificate(["web.test"], nil)) != nil)
        #expect(failure([0x30, 0x00]) != nil)
        #expect(failure([UInt8](repeating: 0x30, count: 100_000)) != nil)
    }

    private func certificate(_ names: [String], _ keyAuthorization: String?, critical: Bool = true) throws -> [UInt8] {
        var extensions = Certificate.Extensions()
        try extensions.append(
            Certificate.Extension(SubjectAlternativeNames(names.map(GeneralName.dnsName)), critical: false))
        if let keyAuthorization {
            let digest = DERWriter.octetString(Array(SHA256.hash(data: Data(keyAuthorization.utf8))))
            try extensions.append(
                Certificate.Extension(oid: [1, 3, 6, 1, 5, 5, 7, 1, 31], critical: critical, value: digest[...]))
        }
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: Date(), notValidAfter: Date() + 3600, issuer: DistinguishedName(),
            subject: DistinguishedName(), extensions: extensions, issuerPrivateKey: key)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
