/// An OCSP request about one certificate (RFC 6960 section 4.1), unsigned, with a nonce (RFC 9654).
package struct StatusRequest: Sendable {
    package let der: [UInt8]
    /// 32 random octets.
    let nonce: [UInt8]

    /// - Throws: statusResponseMalformed when the issuer's key cannot be read.
    package init(_ question: StatusQuestion) throws(RevocationFault) {
        try self.init(question, nonce: (0..<32).map { _ in UInt8.random(in: .min ... .max) })
    }

    init(_ question: StatusQuestion, nonce: [UInt8]) throws(RevocationFault) {
        self.nonce = nonce
        do throws(DERFailure) {
            let identifier = try StatusIdentifier(question, hash: .sha1)
            let list = DERWriter.sequence(DERWriter.sequence(identifier.der))
            let nonceExtension = DERWriter.sequence(
                DERWriter.element(DERTag.objectIdentifier, Self.nonceIdentifier),
                DERWriter.octetString(DERWriter.octetString(nonce)))
            der = DERWriter.sequence(
                DERWriter.sequence(list, DERWriter.element(0xa2, DERWriter.sequence(nonceExtension))))
        } catch {
            throw RevocationFault(.statusResponseMalformed, "the issuer's key cannot be read")
        }
    }

    static let nonceIdentifier: [UInt8] = [43, 6, 1, 5, 5, 7, 48, 1, 2]
}
