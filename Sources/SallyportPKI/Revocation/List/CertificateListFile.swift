import SallyportModel

/// Files and answers with revocation lists, in PEM or DER.
package enum CertificateListFile {
    package static let label = "X509 CRL"
    /// PEM blocks in one file.
    private static let maximumLists = 64

    /// - Throws: certificateFileUnreadable, or a `RevocationFault` as an error about the file.
    package static func lists(
        at path: String, limits: RevocationLimits = .default
    ) throws(PKIError) -> [CertificateList] {
        let bytes = try FileContents.read(path, limit: limits.listBytes / 2 * 3)
        do throws(RevocationFault) {
            return try lists(in: bytes, limits: limits)
        } catch {
            throw PKIError(error.reason, path, error.detail)
        }
    }

    /// One list in DER, or one or more blocks in PEM; anything else in it refuses all of it.
    package static func lists(
        in bytes: [UInt8], limits: RevocationLimits = .default
    ) throws(RevocationFault) -> [CertificateList] {
        if bytes.first == DERTag.sequence { return [try CertificateListReader.list(der: bytes, limits: limits)] }
        let blocks: [PEMBlock]
        do throws(PKIError) {
            blocks = try PEMBlock.parse(bytes, source: "line")
        } catch {
            throw RevocationFault(.revocationListMalformed, "it is neither DER nor PEM: \(error.subject): \(error.detail)")
        }
        guard (1...maximumLists).contains(blocks.count), blocks.allSatisfy({ $0.label == label }) else {
            throw RevocationFault(
                .revocationListMalformed, "it has \(blocks.count) PEM blocks, which are not 1 to \(maximumLists) of \(label)")
        }
        var lists: [CertificateList] = []
        for block in blocks { lists.append(try CertificateListReader.list(der: block.der, limits: limits)) }
        return lists
    }
}
