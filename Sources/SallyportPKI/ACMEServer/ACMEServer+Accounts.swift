import SallyportConfig
import SallyportModel

// Who signs (RFC 8555 section 6), and accounts (section 7.3).
extension ACMEServer {
    // MARK: signatures

    /// The request as a JWS whose signature is still to be checked; its URL is the one that was asked.
    func signature(of request: ACMERequest) throws(ServerProblem) -> JSONWebSignature {
        guard request.contentType?.lowercased() == "application/jose+json" else {
            throw ServerProblem(.malformed, .acmeUnsupportedMedia, "a POST has the content type application/jose+json")
        }
        let signed: JSONWebSignature
        do throws(JOSEFailure) { signed = try JSONWebSignature(parsing: request.body) } catch {
            throw ServerProblem(error)
        }
        guard signed.algorithm != .hs256 else {
            throw ServerProblem(.badSignatureAlgorithm, .acmeBadAlgorithm, "a request is not signed with a MAC")
        }
        guard signed.url == request.url else {
            throw ServerProblem(.unauthorized, .acmeBadSignature, "`url` is not the URL that was asked")
        }
        return signed
    }

    /// The account that signed; its nonce is used up.
    mutating func account(
        of signed: JSONWebSignature, _ request: ACMERequest, at now: Int64
    ) throws(ServerProblem) -> ACMEAccount {
        guard case .identifier(let url) = signed.signer else {
            throw ServerProblem.malformed("this request names its account with `kid`")
        }
        let prefix = request.base + "/account/"
        guard url.hasPrefix(prefix), let account = accounts[String(url.dropFirst(prefix.count))] else {
            throw ServerProblem(.accountDoesNotExist, .acmeAccountUnknown, "there is no such account")
        }
        try check(signed, with: Self.checkedKey(of: account))
        try use(signed.nonce, at: now)
        guard account.status == .valid else {
            throw ServerProblem(.unauthorized, .acmeNotAllowed, "the account is deactivated")
        }
        guard policy.externalAccounts[account.externalAccount] != nil else {
            throw ServerProblem(.unauthorized, .acmeNotAllowed, "the external account of this account is gone")
        }
        return account
    }

    func check(_ signed: JSONWebSignature, with key: JSONWebKey) throws(ServerProblem) {
        guard signed.isSigned(by: key) else {
            throw ServerProblem(.unauthorized, .acmeBadSignature, "the signature is not that of the key")
        }
    }

    mutating func use(_ nonce: String?, at now: Int64) throws(ServerProblem) {
        guard let nonce else { throw ServerProblem(.badNonce, .acmeBadNonce, "there is no nonce") }
        guard nonces.use(nonce, at: now) else {
            throw ServerProblem(.badNonce, .acmeBadNonce, "the nonce was used, is too old, or was not made here")
        }
    }

    static func key(of account: ACMEAccount) throws(JOSEFailure) -> JSONWebKey {
        try JSONWebKey(JSONText.parse(Array(account.key.utf8)))
    }

    static func checkedKey(of account: ACMEAccount) throws(ServerProblem) -> JSONWebKey {
        do throws(JOSEFailure) { return try key(of: account) } catch {
            throw ServerProblem(.serverInternal, .issuingStateUnusable, "the account's key cannot be read")
        }
    }

    // MARK: new accounts

    /// The nonce is used up as soon as it is certain that the request comes from somebody who may do anything here.
    mutating func newAccount(
        _ signed: JSONWebSignature, _ request: ACMERequest, at now: Int64
    ) throws(ServerProblem) -> ACMEResponse {
        guard case .key(let key) = signed.signer else {
            throw ServerProblem.malformed("a new account shows its key with `jwk`")
        }
        try check(signed, with: key)
        let payload = try Self.object(signed.payload)
        if let id = accountsByKey[key.thumbprint], let account = accounts[id] {
            try use(signed.nonce, at: now)
            guard account.status == .valid else {
                throw ServerProblem(.unauthorized, .acmeNotAllowed, "the account is deactivated")
            }
            return show(account, 200, request.base)
        }
        guard payload["onlyReturnExisting"]?.truth != true else {
            throw ServerProblem(.accountDoesNotExist, .acmeAccountUnknown, "no account has this key")
        }
        let entry = try externalAccount(payload["externalAccountBinding"], key, url: request.url)
        let contact = try Self.contact(payload["contact"])
        try use(signed.nonce, at: now)
        try refuseTooManyAccounts(of: entry)
        let account = ACMEAccount(
            id: Self.newIdentifier(), externalAccount: entry, key: key.json.compact, status: .valid, contact: contact,
            createdAt: now)
        accountsByKey[key.thumbprint] = account.id
        save(account)
        return show(account, 201, request.base)
    }

    private func refuseTooManyAccounts(of entry: String) throws(ServerProblem) {
        let count = accounts.values.count { $0.externalAccount == entry }
        guard count < Self.maximumAccountsPerEntry, accounts.count < Self.maximumAccounts else {
            throw ServerProblem(
                .externalAccountRequired, .acmeExternalAccountRefused, "the external account has all its accounts")
        }
    }

    /// The key identifier that the binding proves (RFC 8555 section 7.3.4).
    private func externalAccount(
        _ binding: JSONValue?, _ key: JSONWebKey, url: String
    ) throws(ServerProblem) -> String {
        guard let binding else {
            throw ServerProblem(
                .externalAccountRequired, .acmeExternalAccountRequired, "an external account binding is required")
        }
        let signed: JSONWebSignature
        let bound: JSONWebKey
        do throws(JOSEFailure) {
            signed = try JSONWebSignature(binding)
            bound = try JSONWebKey(JSONText.parse(signed.payload))
        } catch {
            throw ServerProblem.malformed("the external account binding: \(error.description)")
        }
        guard signed.algorithm == .hs256, signed.nonce == nil, signed.url == url,
            case .identifier(let identifier) = signed.signer
        else { throw ServerProblem.malformed("the external account binding lacks what RFC 8555 demands of it") }
        guard let grant = policy.externalAccounts[identifier], signed.isAuthenticated(by: grant.secret), bound == key
        else {
            throw ServerProblem(.unauthorized, .acmeExternalAccountRefused, "the external account binding is not good")
        }
        return identifier
    }

    private static func contact(_ value: JSONValue?) throws(ServerProblem) -> [String] {
        guard let value else { return [] }
        guard let addresses = value.elements, addresses.count <= 10 else {
            throw ServerProblem.malformed("`contact` is a list of at most 10 addresses")
        }
        var contact: [String] = []
        for address in addresses {
            guard let text = address.text, text.hasPrefix("mailto:") else {
                throw ServerProblem(.unsupportedContact, .acmeMalformed, "contacts are mailto: addresses")
            }
            guard AlternativeName.mailbox(Array(text.utf8.dropFirst(7))) != nil else {
                throw ServerProblem(.invalidContact, .acmeMalformed, "a contact is no address")
            }
            contact.append(text)
        }
        return contact
    }

    // MARK: known accounts

    mutating func updateAccount(_ id: String, _ call: ACMECall) throws(ServerProblem) -> ACMEResponse {
        guard id == call.account.id else { throw Self.foreign }
        guard !call.isReading else { return show(call.account, 200, call.base) }
        let payload = try call.json()
        var account = call.account
        if let contact = payload["contact"] { account.contact = try Self.contact(contact) }
        if let status = payload["status"] {
            guard status.text == "deactivated" else {
                throw ServerProblem.malformed("`status` of an account can become `deactivated` only")
            }
            account.status = .deactivated
            invalidateOrders(of: account, at: call.now)
        }
        save(account)
        return show(account, 200, call.base)
    }

    private mutating func invalidateOrders(of account: ACMEAccount, at now: Int64) {
        for var order in orders.values where order.account == account.id {
            guard order.status == .pending || order.status == .ready else { continue }
            order.status = .invalid
            save(order)
        }
    }

    /// RFC 8555 section 7.3.5: the inner JWS is signed by the new key and names the old one.
    mutating func changeKey(_ call: ACMECall, url: String) throws(ServerProblem) -> ACMEResponse {
        let inner: JSONWebSignature
        let oldKey: JSONWebKey
        do throws(JOSEFailure) {
            inner = try JSONWebSignature(parsing: call.payload)
            let payload = try JSONText.parse(inner.payload)
            guard payload["account"]?.text == "\(call.base)/account/\(call.account.id)", let old = payload["oldKey"]
            else { throw JOSEFailure(.malformed, "`account` and `oldKey` are not those of the account") }
            oldKey = try JSONWebKey(old)
        } catch {
            throw ServerProblem(error)
        }
        let current = try Self.checkedKey(of: call.account)
        guard case .key(let newKey) = inner.signer, inner.nonce == nil, inner.url == url, oldKey == current else {
            throw ServerProblem.malformed("the inner JWS lacks what RFC 8555 section 7.3.5 demands of it")
        }
        try check(inner, with: newKey)
        if let other = accountsByKey[newKey.thumbprint] {
            var problem = ServerProblem.malformed("an account has this key already")
            problem.status = 409
            problem.fields = [("location", "\(call.base)/account/\(other)")]
            throw problem
        }
        accountsByKey[current.thumbprint] = nil
        accountsByKey[newKey.thumbprint] = call.account.id
        var account = call.account
        account.key = newKey.json.compact
        save(account)
        return show(account, 200, call.base)
    }

    private func show(_ account: ACMEAccount, _ status: UInt16, _ base: String) -> ACMEResponse {
        let url = "\(base)/account/\(account.id)"
        return ACMEResponse(
            status,
            .members([
                "status": .string(account.status.rawValue), "contact": .strings(account.contact),
                "orders": .string(url + "/orders"),
            ]), fields: [("location", url)])
    }

    static let foreign = ServerProblem(.unauthorized, .acmeNotAllowed, "it belongs to another account")

    static func object(_ payload: [UInt8]) throws(ServerProblem) -> JSONValue {
        do throws(JOSEFailure) {
            let json = try JSONText.parse(payload)
            guard case .object = json else { throw JOSEFailure(.malformed, "the payload is not an object") }
            return json
        } catch {
            throw ServerProblem(error)
        }
    }
}
