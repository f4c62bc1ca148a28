import SallyportConfig
import SallyportModel
import X509

// Certificates: finalizing (RFC 8555 section 7.4), download, revocation (section 7.6), renewal information (RFC 9773).
extension ACMEServer {
    mutating func finalize(_ id: String, _ call: ACMECall) throws(ServerProblem) -> ACMEStep {
        let order = try order(id, of: call.account)
        guard order.status(at: call.now) == .ready else {
            throw ServerProblem(.orderNotReady, .acmeOrderNotReady, "the order is \(order.status(at: call.now).rawValue)")
        }
        let grant = try grant(of: call.account)
        guard grant.usages.contains(order.profile),
            order.names.allSatisfy({ name in grant.names.contains { $0.covers(name) } })
        else {
            throw ServerProblem(.unauthorized, .acmeNotAllowed, "the account does not get these names any more")
        }
        guard let der = try call.json()["csr"]?.text.flatMap({ Base64URL.decode($0) }) else {
            throw ServerProblem.malformed("`csr` is a certificate request in base64url")
        }
        let request = try Self.certificateRequest(der, for: order, account: call.account)
        return .issue(
            ACMEIssuance(
                order: order.id, base: call.base, request: request, subject: try Self.subject(of: order, call.account),
                lifetime: grant.lifetime))
    }

    private static func certificateRequest(
        _ der: [UInt8], for order: ServerOrder, account: ACMEAccount
    ) throws(ServerProblem) -> CertificateRequest {
        let request: CertificateRequest
        do throws(PKIError) { request = try CertificateRequest(der: der) } catch {
            throw ServerProblem(.badCSR, error.reason, error.detail)
        }
        guard request.asksFor(name: order.names.first ?? "", dnsNames: order.names, addresses: [], uris: []) else {
            throw ServerProblem(.badCSR, .requestedNamesDiffer, "the names are not exactly those of the order")
        }
        guard try !checkedKey(of: account).isKey(of: request.publicKeyInfo) else {
            throw ServerProblem(.badCSR, .certificateRequestRefused, "the account's key is no key for a certificate")
        }
        return request
    }

    /// A client goes by the name of its external account; a server by the names of the order.
    private static func subject(of order: ServerOrder, _ account: ACMEAccount) throws(ServerProblem) -> LeafSubject {
        do throws(PKIError) {
            return switch order.profile {
            case .server: try LeafSubject(server: account.externalAccount, names: order.names)
            case .client: try LeafSubject(client: account.externalAccount, uri: nil, dns: order.names)
            }
        } catch {
            throw ServerProblem(.serverInternal, .issuingFailed, "the certificate cannot be issued")
        }
    }

    /// What the authority did.
    package mutating func finish(
        _ issuance: ACMEIssuance, _ result: Result<CertifiedKey, PKIError>, at now: Int64
    ) -> ACMEResponse {
        guard case .success(let certified) = result, var order = orders[issuance.order] else {
            return dressed(
                ServerProblem(.serverInternal, .issuingFailed, "the certificate cannot be issued").response,
                issuance.base, at: now)
        }
        order.status = .valid
        order.chain = certified.chain
        order.serial = certified.facts.serial
        order.notBefore = certified.facts.notBefore
        order.notAfter = certified.facts.notAfter
        if let certificate = Self.certificateIdentifier(order) { ordersByCertificate[certificate] = order.id }
        save(order)
        return dressed(show(order, issuance.base, at: now), issuance.base, at: now)
    }

    func download(_ id: String, _ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        let order = try order(id, of: call.account)
        guard call.isReading else { throw ServerProblem.malformed("a certificate is read with an empty payload") }
        guard order.status == .valid else { throw Self.notFound }
        var response = ACMEResponse(200)
        response.contentType = "application/pem-certificate-chain"
        response.body = Array(PEMBlock.encode(order.chain, label: PEMBlock.certificate).utf8)
        return response
    }

    // MARK: revocation

    /// Signed by the account that got the certificate, or by the certificate's own key.
    mutating func revoke(
        _ signed: JSONWebSignature, _ request: ACMERequest, at now: Int64
    ) throws(ServerProblem) -> ACMEStep {
        let order: ServerOrder
        switch signed.signer {
        case .identifier:
            let account = try account(of: signed, request, at: now)
            order = try certificate(in: signed.payload)
            guard order.account == account.id else { throw Self.foreign }
        case .key(let key):
            try check(signed, with: key)
            order = try certificate(in: signed.payload)
            guard let leaf = order.chain.first, Self.isKey(key, of: leaf) else { throw Self.foreign }
            try use(signed.nonce, at: now)
        }
        guard order.revokedAt == nil, let serial = order.serial else { throw Self.alreadyRevoked }
        return .revoke(ACMERevocation(order: order.id, base: request.base, serial: serial))
    }

    /// What the authority did: whether it withdrew a certificate.
    package mutating func finish(
        _ revocation: ACMERevocation, _ result: Result<Bool, PKIError>, at now: Int64
    ) -> ACMEResponse {
        let response: ACMEResponse
        switch result {
        case .success(let isNew):
            if var order = orders[revocation.order] {
                order.revokedAt = now
                save(order)
            }
            response = isNew ? ACMEResponse(200) : Self.alreadyRevoked.response
        case .failure:
            response = ServerProblem(.serverInternal, .issuingFailed, "the certificate cannot be revoked").response
        }
        return dressed(response, revocation.base, at: now)
    }

    private static let alreadyRevoked = ServerProblem(.alreadyRevoked, .acmeAlreadyRevoked, "it is revoked, or has ended")

    /// The order that the certificate of a revocation came from.
    private func certificate(in payload: [UInt8]) throws(ServerProblem) -> ServerOrder {
        let payload = try Self.object(payload)
        guard let der = payload["certificate"]?.text.flatMap({ Base64URL.decode($0) }) else {
            throw ServerProblem.malformed("`certificate` is a certificate in base64url")
        }
        if let code = payload["reason"] {
            guard let number = code.number, [0, 1, 2, 3, 4, 5, 9, 10].contains(number) else {
                throw ServerProblem(.badRevocationReason, .acmeBadRevocationCode, "reasons are 0 to 5, 9 and 10")
            }
        }
        guard let order = orders.values.first(where: { $0.chain.first == der }) else { throw Self.notFound }
        return order
    }

    private static func isKey(_ key: JSONWebKey, of leaf: [UInt8]) -> Bool {
        do throws(ChainRefusal) {
            return key.isKey(of: try ParsedCertificate(der: leaf).envelope.publicKeyInfo)
        } catch {
            return false
        }
    }

    // MARK: renewal information

    /// RFC 9773: around two thirds of the life; at once for a certificate that was revoked. Needs no account.
    func renewalInformation(of certificate: String, at now: Int64) throws(ServerProblem) -> ACMEResponse {
        guard let id = ordersByCertificate[certificate], let order = orders[id], let notBefore = order.notBefore,
            let notAfter = order.notAfter
        else { throw Self.notFound }
        let life = notAfter - notBefore
        let start = order.revokedAt == nil ? notBefore + life * 60 / 100 : notBefore
        let end = order.revokedAt == nil ? notBefore + life * 72 / 100 : notBefore + 1
        let pause = min(6 * 3600, max(60, life / 12))
        return ACMEResponse(
            200,
            .members([
                "suggestedWindow": .members(["start": .string(Self.time(start)), "end": .string(Self.time(end))])
            ]), fields: [("retry-after", String(pause))])
    }

    /// Base64url of the authority's key identifier, a dot, and base64url of the serial number (RFC 9773 section 4.1).
    static func certificateIdentifier(_ order: ServerOrder) -> String? {
        guard let der = order.chain.first else { return nil }
        do throws(ChainRefusal) {
            let leaf = try ParsedCertificate(der: der)
            guard let issuer = leaf.extensions.authorityKeyIdentifier?.keyIdentifier else { return nil }
            return Base64URL.encode(issuer) + "." + Base64URL.encode(leaf.envelope.serial)
        } catch {
            return nil
        }
    }
}

extension JSONWebKey {
    /// Whether a SubjectPublicKeyInfo is of this key.
    func isKey(of info: [UInt8]) -> Bool {
        do throws(DERFailure) {
            var parts = try DERCursor.only(info[...], tag: DERTag.sequence).children
            _ = try parts.next(tag: DERTag.sequence)
            let bits = try parts.next(tag: DERTag.bitString).content.dropFirst()
            switch material {
            case .p256(let point), .p384(let point), .p521(let point): return bits.elementsEqual([4] + point)
            case .ed25519(let key): return bits.elementsEqual(key)
            case .rsa(let modulus, let exponent):
                var numbers = try DERCursor.only(bits, tag: DERTag.sequence).children
                let first = try numbers.next(tag: DERTag.integer).content.drop { $0 == 0 }
                let second = try numbers.next(tag: DERTag.integer).content.drop { $0 == 0 }
                return first.elementsEqual(modulus) && second.elementsEqual(exponent)
            }
        } catch {
            return false
        }
    }
}
