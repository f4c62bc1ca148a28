import SallyportModel

/// Reads certificates and keys from PEM files or text. A file that is damaged anywhere is refused as a whole.
package enum PEMFile {
    /// At most this many bytes are read from a file.
    package static let maximumBytes = 4 << 20

    package static func certificates(at path: String) throws(PKIError) -> [ParsedCertificate] {
        try certificates(in: FileContents.read(path, limit: maximumBytes), source: path)
    }

    /// Every CERTIFICATE block, in order; blocks with keys are passed over, anything else is refused.
    /// - Parameter source: what to call the text in errors.
    package static func certificates(in text: [UInt8], source: String) throws(PKIError) -> [ParsedCertificate] {
        var certificates: [ParsedCertificate] = []
        for block in try PEMBlock.parse(text, source: source) {
            if block.label == PEMBlock.certificate {
                certificates.append(try certificate(block, source: source))
            } else if !PrivateKey.labels.contains(block.label), !passedOver.contains(block.label) {
                throw PKIError(
                    .pemMalformed, "\(source):\(block.line)",
                    "a block \(block.label) has no place in a certificate file")
            }
        }
        guard !certificates.isEmpty else {
            throw PKIError(.certificateFileEmpty, source, "there is no block \(PEMBlock.certificate)")
        }
        return certificates
    }

    /// PKCS #8, SEC 1 or PKCS #1; exactly one key.
    package static func privateKey(at path: String) throws(PKIError) -> PrivateKey {
        try privateKey(in: FileContents.read(path, limit: maximumBytes), source: path)
    }

    package static func privateKey(in text: [UInt8], source: String) throws(PKIError) -> PrivateKey {
        let keys = try PEMBlock.parse(text, source: source).filter { PrivateKey.labels.contains($0.label) }
        guard let block = keys.first, keys.count == 1 else {
            throw PKIError(.privateKeyUnusable, source, "there are \(keys.count) private keys, exactly one is needed")
        }
        return try PrivateKey(block: block, source: source)
    }

    private static let passedOver: Set<String> = ["EC PARAMETERS", "DH PARAMETERS"]

    private static func certificate(_ block: PEMBlock, source: String) throws(PKIError) -> ParsedCertificate {
        do {
            return try ParsedCertificate(der: block.der)
        } catch {
            throw PKIError(
                .certificateFileUnusable, "\(source):\(block.line)", "\(error.reason.name) \(error.detail)")
        }
    }
}
