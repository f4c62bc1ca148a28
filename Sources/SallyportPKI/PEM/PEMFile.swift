import SallyportModel

/// Reads certificates and keys from PEM files or text. A file that is damaged anywhere is refused as a whole.
package enum PEMFile {
    /// At most this many bytes are read from a file.
    package static let maximumBytes = 4 << 20

    package static func certificates(at path: String) throws(PKIError) -> [ParsedCertificate] {
        throw PKIError(.certificateFileUnreadable, path, "not implemented")
    }
    /// - Parameter source: what to call the text in errors.
    package static func certificates(in text: [UInt8], source: String) throws(PKIError) -> [ParsedCertificate] {
        throw PKIError(.certificateFileUnreadable, source, "not implemented")
    }
    /// PKCS #8, SEC 1 or PKCS #1; exactly one key.
    package static func privateKey(at path: String) throws(PKIError) -> PrivateKey {
        throw PKIError(.certificateFileUnreadable, path, "not implemented")
    }
    package static func privateKey(in text: [UInt8], source: String) throws(PKIError) -> PrivateKey {
        throw PKIError(.certificateFileUnreadable, source, "not implemented")
    }
}
