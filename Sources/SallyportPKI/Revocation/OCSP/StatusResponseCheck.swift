import SallyportModel
import SwiftASN1
import X509

/// Decides whether an OCSP response answers a question and may be believed (RFC 6960 section 3.2).
package enum StatusResponseCheck {
    /// An answer without nextUpdate is used for this long after its thisUpdate, seconds.
    private static let lifeWithoutEnd: Int64 = 300
    /// No answer is used for longer, seconds.
    private static let longestLife: Int64 = 10 * 86_400

    /// - Parameter der: what the responder sent.
    /// - Throws: statusResponseMalformed, statusResponseUntrusted or statusResponderUnavailable.
    package static func answer(
        in der: [UInt8], to question: StatusQuestion, request: StatusRequest, at now: Int64,
        limits: RevocationLimits = .default
    ) throws(RevocationFault) -> StatusAnswer {
        let response = try StatusResponse(der: der, limits: limits)
        if let nonce = response.nonce, nonce != request.nonce {
            throw RevocationFault(.statusResponseUntrusted, "its nonce is not the one that was sent")
        }
        guard isSigned(response, for: question, at: now) else {
            throw RevocationFault(
                .statusResponseUntrusted, "neither the issuer nor a responder that the issuer appointed has signed it")
        }
        let answers = response.answers.filter { isAbout(question, $0.identifier) }
        // Two answers to one question would let whoever sends them choose.
        guard let single = answers.first, answers.count == 1 else {
            throw RevocationFault(
                .statusResponseUntrusted, "\(answers.count) of its answers are about the certificate that was asked for")
        }
        return try inForce(single, at: now)
    }

    private static func isAbout(_ question: StatusQuestion, _ identifier: StatusIdentifier?) -> Bool {
        guard let identifier else { return false }
        do throws(DERFailure) {
            return try StatusIdentifier(question, hash: identifier.hash) == identifier
        } catch {
            return false
        }
    }

    private static func inForce(_ single: StatusResponse.Single, at now: Int64) throws(RevocationFault) -> StatusAnswer {
        let end = single.nextUpdate ?? single.thisUpdate + lifeWithoutEnd
        guard single.thisUpdate <= now + CertificateList.tolerance, single.thisUpdate <= end, now <= end else {
            throw RevocationFault(
                .statusResponseUntrusted,
                "it holds from \(CertificateTime.text(single.thisUpdate)) to \(CertificateTime.text(end)) only")
        }
        return StatusAnswer(
            verdict: single.verdict, thisUpdate: single.thisUpdate,
            validUntil: min(end, single.thisUpdate + longestLife))
    }

    private static func isSigned(_ response: StatusResponse, for question: StatusQuestion, at now: Int64) -> Bool {
        if isNamed(response.responder, subject: question.issuer, key: question.issuerKey),
            response.proof.isMade(by: question.issuerKey)
        {
            return true
        }
        return response.certificates.contains { der in
            guard let delegate = delegate(der, of: question, at: now) else { return false }
            let key = delegate.envelope.publicKeyInfo
            return isNamed(response.responder, subject: delegate.envelope.subject, key: key)
                && response.proof.isMade(by: key)
        }
    }

    private static func isNamed(_ responder: StatusResponse.Responder, subject: [UInt8], key: [UInt8]) -> Bool {
        switch responder {
        case .name(let name): return name == subject
        case .key(let hash):
            do throws(DERFailure) {
                return StatusIdentifier.digest(try StatusIdentifier.keyBits(key), .sha1) == hash
            } catch {
                return false
            }
        }
    }

    private static let understood: Set<ASN1ObjectIdentifier> = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.subjectAlternativeName, [1, 3, 6, 1, 5, 5, 7, 48, 1, 5],
    ]

    /// The certificate when the issuer itself gave it to a responder (RFC 6960 section 4.2.2.2); else nil.
    private static func delegate(_ der: [UInt8], of question: StatusQuestion, at now: Int64) -> ParsedCertificate? {
        do {
            let certificate = try ParsedCertificate(der: der)
            let extensions = certificate.extensions
            guard certificate.envelope.issuer == question.issuer, certificate.notBefore <= now,
                now <= certificate.notAfter, extensions.extendedKeyUsage?.contains(.ocspSigning) == true,
                extensions.keyUsage?.digitalSignature != false, extensions.critical.isSubset(of: understood),
                try SignatureProof(certificate: der)?.isMade(by: question.issuerKey) == true
            else { return nil }
            return certificate
        } catch {
            return nil
        }
    }
}

extension SignatureProof {
    /// The signature on a certificate.
    init?(certificate der: [UInt8]) throws(DERFailure) {
        var parts = try DERCursor.only(der[...], tag: DERTag.sequence).children
        let signed = try parts.next(tag: DERTag.sequence)
        let algorithm = try parts.next(tag: DERTag.sequence)
        let signature = try parts.next(tag: DERTag.bitString)
        self.init(algorithm: algorithm.encoded, signed: signed.encoded, signature: signature.content)
    }
}
