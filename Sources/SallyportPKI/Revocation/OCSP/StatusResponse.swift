import SallyportModel

/// An OCSP response as it was read (RFC 6960 section 4.2). Nothing in it has been believed yet; `StatusResponseCheck`
/// does that.
struct StatusResponse: Sendable {
    struct Single: Sendable {
        /// Nil when it names a certificate in a way that is not known here.
        let identifier: StatusIdentifier?
        let verdict: StatusAnswer.Verdict
        /// Seconds since 1970.
        let thisUpdate: Int64
        let nextUpdate: Int64?
    }

    enum Responder: Sendable, Hashable {
        /// Name, DER.
        case name([UInt8])
        /// SHA-1 of the key's bits.
        case key([UInt8])
    }

    let responder: Responder
    let answers: [Single]
    let nonce: [UInt8]?
    let proof: SignatureProof
    /// DER, as sent along.
    let certificates: [[UInt8]]

    private static let maximumAnswers = 64
    private static let maximumCertificates = 8

    /// - Throws: statusResponseMalformed, or statusResponderUnavailable when the responder gives no answer.
    init(der: [UInt8], limits: RevocationLimits = .default) throws(RevocationFault) {
        guard der.count <= limits.responseBytes else {
            throw RevocationFault(
                .statusResponseMalformed, "it has \(der.count) bytes, \(limits.responseBytes) are allowed")
        }
        do {
            self = try Self.read(der)
        } catch let fault as RevocationFault {
            throw fault
        } catch {
            throw RevocationFault(.statusResponseMalformed, "the DER encoding is damaged")
        }
    }

    private init(
        responder: Responder, answers: [Single], nonce: [UInt8]?, proof: SignatureProof, certificates: [[UInt8]]
    ) {
        self.responder = responder
        self.answers = answers
        self.nonce = nonce
        self.proof = proof
        self.certificates = certificates
    }

    private static func read(_ der: [UInt8]) throws -> StatusResponse {
        var fields = try DERCursor.only(der[...], tag: DERTag.sequence).children
        let status = try fields.next(tag: DERTag.enumerated).content
        guard status.elementsEqual([0]) else { throw refused(status) }
        var bytes = try DERCursor.only(try fields.next(tag: 0xa0).content, tag: DERTag.sequence).children
        guard fields.isAtEnd, try bytes.next(tag: DERTag.objectIdentifier).content.elementsEqual(basicResponse)
        else { throw DERFailure() }
        let basic = try bytes.next(tag: DERTag.octetString).content
        guard bytes.isAtEnd else { throw DERFailure() }

        var parts = try DERCursor.only(basic, tag: DERTag.sequence).children
        let signed = try parts.next(tag: DERTag.sequence)
        let algorithm = try parts.next(tag: DERTag.sequence)
        let signature = try parts.next(tag: DERTag.bitString)
        let certificates = try certificates(parts.nextIfPresent(tag: 0xa0))
        guard parts.isAtEnd else { throw DERFailure() }
        guard
            let proof = SignatureProof(
                algorithm: algorithm.encoded, signed: signed.encoded, signature: signature.content)
        else {
            throw RevocationFault(
                .statusResponseUntrusted, "it is signed with an algorithm that is not allowed for certificates either")
        }
        return try data(signed, proof: proof, certificates: certificates)
    }

    private static let basicResponse: [UInt8] = [43, 6, 1, 5, 5, 7, 48, 1, 1]

    private static func refused(_ status: ArraySlice<UInt8>) -> any Error {
        let words: [UInt8: StaticString] = [
            1: "it does not understand the request", 2: "it has an internal error", 3: "it is busy",
            5: "it demands a signed request", 6: "it does not answer us",
        ]
        guard status.count == 1, let code = status.first, let text = words[code] else { return DERFailure() }
        return RevocationFault(.statusResponderUnavailable, "\(text)")
    }

    private static func certificates(_ element: DERElement?) throws(DERFailure) -> [[UInt8]] {
        guard let element else { return [] }
        var list = try DERCursor.only(element.content, tag: DERTag.sequence).children
        var certificates: [[UInt8]] = []
        while !list.isAtEnd {
            guard certificates.count < maximumCertificates else { throw DERFailure() }
            certificates.append(Array(try list.next(tag: DERTag.sequence).encoded))
        }
        return certificates
    }

    /// ResponseData.
    private static func data(
        _ signed: DERElement, proof: SignatureProof, certificates: [[UInt8]]
    ) throws -> StatusResponse {
        var fields = signed.children
        if let version = try fields.nextIfPresent(tag: 0xa0) {
            guard try DERCursor.only(version.content, tag: DERTag.integer).content.elementsEqual([0]) else {
                throw RevocationFault(.statusResponseMalformed, "it is of another version than 1")
            }
        }
        let responder = try responder(try fields.next())
        _ = try CertificateTime.seconds(try fields.next(tag: DERTag.generalizedTime))
        var singles = try fields.next(tag: DERTag.sequence).children
        let nonce = try nonce(fields.nextIfPresent(tag: 0xa1))
        guard fields.isAtEnd else { throw DERFailure() }
        var answers: [Single] = []
        while !singles.isAtEnd {
            guard answers.count < maximumAnswers else { throw DERFailure() }
            answers.append(try single(try singles.next(tag: DERTag.sequence)))
        }
        return StatusResponse(
            responder: responder, answers: answers, nonce: nonce, proof: proof, certificates: certificates)
    }

    private static func responder(_ element: DERElement) throws(DERFailure) -> Responder {
        switch element.tag {
        case 0xa1: .name(Array(try DERCursor.only(element.content, tag: DERTag.sequence).encoded))
        case 0xa2: .key(Array(try DERCursor.only(element.content, tag: DERTag.octetString).content))
        default: throw DERFailure()
        }
    }

    private static func single(_ element: DERElement) throws -> Single {
        var fields = element.children
        let identifier = try StatusIdentifier(der: fields.next(tag: DERTag.sequence).encoded)
        let verdict = try verdict(fields.next())
        let thisUpdate = try CertificateTime.seconds(fields.next(tag: DERTag.generalizedTime))
        let next = try fields.nextIfPresent(tag: 0xa0).map { element in
            try CertificateTime.seconds(try DERCursor.only(element.content, tag: DERTag.generalizedTime))
        }
        if let extensions = try fields.nextIfPresent(tag: 0xa1) { _ = try nonce(extensions) }
        guard fields.isAtEnd else { throw DERFailure() }
        return Single(identifier: identifier, verdict: verdict, thisUpdate: thisUpdate, nextUpdate: next)
    }

    private static func verdict(_ element: DERElement) throws(DERFailure) -> StatusAnswer.Verdict {
        switch element.tag {
        case 0x80 where element.content.isEmpty: return .good
        case 0x82 where element.content.isEmpty: return .unknown
        case 0xa1:
            var fields = element.children
            let date = try CertificateTime.seconds(try fields.next(tag: DERTag.generalizedTime))
            var reason = RevocationReason.unspecified
            if let given = try fields.nextIfPresent(tag: 0xa0) {
                let code = try DERCursor.only(given.content, tag: DERTag.enumerated).content
                guard code.count == 1, let value = code.first, let known = RevocationReason(rawValue: value)
                else { throw DERFailure() }
                reason = known
            }
            guard fields.isAtEnd else { throw DERFailure() }
            return .revoked(date: date, reason: reason)
        default: throw DERFailure()
        }
    }

    /// The nonce among extensions; any other critical one refuses the response.
    private static func nonce(_ element: DERElement?) throws -> [UInt8]? {
        guard let element else { return nil }
        let bytes = Array(element.content)
        var outer = DERScanner(bytes)
        var extensions = outer.inside(try outer.next(tag: DERTag.sequence))
        guard outer.isAtEnd else { throw DERFailure() }
        var nonce: [UInt8]?
        while !extensions.isAtEnd {
            let one = try ListExtension(extensions.next(tag: DERTag.sequence), in: extensions)
            if one.identifier.elementsEqual(StatusRequest.nonceIdentifier) {
                nonce = Array(try DERCursor.only(one.value, tag: DERTag.octetString).content)
            } else if one.isCritical {
                throw RevocationFault(.statusResponseMalformed, "it has a critical extension that is not understood")
            }
        }
        return nonce
    }
}
