import Crypto
import SallyportModel

/// Writes PKCS #12 files (RFC 7292) that browsers, curl and OpenSSL 3 read.
///
/// Key and certificates are encrypted with AES-256-CBC under PBES2 (RFC 8018), the whole is authenticated with
/// HMAC-SHA-256; no RC2, 3DES or SHA-1 anywhere.
package enum PKCS12 {
    /// - Parameters:
    ///   - chain: DER, the leaf first.
    ///   - friendlyName: what a browser shows in its list.
    ///   - password: not empty; any text.
    package static func encode(
        chain: [[UInt8]], key: PrivateKey, friendlyName: String, password: String
    ) throws(PKIError) -> [UInt8] {
        guard let leaf = chain.first, !password.isEmpty else {
            throw PKIError(.stateWriteFailed, friendlyName, "a PKCS #12 file needs a certificate and a password")
        }
        let keyIdentifier = Array(SHA256.hash(data: leaf).prefix(20))
        let attributes = Self.attributes(friendlyName: friendlyName, keyIdentifier: keyIdentifier)
        let certificates = chain.enumerated().map { index, der in
            certificateBag(der, attributes: index == 0 ? attributes : [])
        }
        let authenticated = DERWriter.sequence(
            encryptedData(try PasswordEncryption.encrypt(DERWriter.sequence(certificates.flatMap(\.self)), password)),
            data(DERWriter.sequence(keyBag(try PasswordEncryption.encrypt(key.pkcs8DER, password), attributes))))
        let mac = PKCS12MessageAuthentication(password: password)
        return DERWriter.sequence(DERWriter.integer(3), data(authenticated), mac.macData(for: authenticated))
    }

    /// 20 characters without look-alikes, about 98 bits.
    package static func generatedPassword() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        return String((0..<20).map { _ in letters[Int.random(in: letters.indices)] })
    }

    private static let encryptedDataType = object([42, 134, 72, 134, 247, 13, 1, 7, 6])
    private static let dataType = object([42, 134, 72, 134, 247, 13, 1, 7, 1])
    private static let certificateBagType = object([42, 134, 72, 134, 247, 13, 1, 12, 10, 1, 3])
    private static let shroudedKeyBagType = object([42, 134, 72, 134, 247, 13, 1, 12, 10, 1, 2])
    private static let x509Certificate = object([42, 134, 72, 134, 247, 13, 1, 9, 22, 1])
    private static let friendlyNameType = object([42, 134, 72, 134, 247, 13, 1, 9, 20])
    private static let localKeyIdentifierType = object([42, 134, 72, 134, 247, 13, 1, 9, 21])
    private static let bmpString: UInt8 = 0x1e

    private static func object(_ identifier: [UInt8]) -> [UInt8] {
        DERWriter.element(DERTag.objectIdentifier, identifier)
    }

    /// `[0] EXPLICIT`.
    private static func tagged(_ content: [UInt8]) -> [UInt8] { DERWriter.element(0xa0, content) }

    private static func data(_ content: [UInt8]) -> [UInt8] {
        DERWriter.sequence(dataType, tagged(DERWriter.octetString(content)))
    }

    private static func encryptedData(_ encrypted: PasswordEncryption.Output) -> [UInt8] {
        let implicitlyTagged = DERWriter.element(0x80, encrypted.ciphertext)
        let content = DERWriter.sequence(dataType, encrypted.algorithm, implicitlyTagged)
        return DERWriter.sequence(encryptedDataType, tagged(DERWriter.sequence(DERWriter.integer(0), content)))
    }

    private static func certificateBag(_ der: [UInt8], attributes: [UInt8]) -> [UInt8] {
        let value = DERWriter.sequence(x509Certificate, tagged(DERWriter.octetString(der)))
        return DERWriter.sequence(certificateBagType, tagged(value), attributes)
    }

    private static func keyBag(_ key: PasswordEncryption.Output, _ attributes: [UInt8]) -> [UInt8] {
        let value = DERWriter.sequence(key.algorithm, DERWriter.octetString(key.ciphertext))
        return DERWriter.sequence(shroudedKeyBagType, tagged(value), attributes)
    }

    private static func attributes(friendlyName: String, keyIdentifier: [UInt8]) -> [UInt8] {
        let name = DERWriter.element(bmpString, friendlyName.utf16BigEndian)
        return DERWriter.set([
            DERWriter.sequence(friendlyNameType, DERWriter.set([name])),
            DERWriter.sequence(localKeyIdentifierType, DERWriter.set([DERWriter.octetString(keyIdentifier)])),
        ])
    }
}

extension String {
    /// What PKCS #12 calls a BMPString.
    var utf16BigEndian: [UInt8] { utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } }
}
