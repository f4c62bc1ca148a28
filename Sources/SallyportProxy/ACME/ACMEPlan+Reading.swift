import SallyportConfig
import SallyportModel
import SallyportPKI

extension ACMEPlan {
    /// Reads what ordering takes besides the file: the secret of the external account.
    ///
    /// - Parameter trust: the anchors of `settings.trust`; empty exactly when that is empty.
    init(_ settings: ACMESettings, trust: [TrustAnchor], secrets: SecretReader) throws(GatewayError) {
        guard let directory = FetchURL(settings.directory) else {
            throw .certificates(
                PKIError(.fetchURLRefused, "directory of \(settings.names.joined(separator: ", "))", "it is no URL"))
        }
        self.settings = settings
        identifier = ACMEStore.Identifier(
            directory: settings.directory, names: settings.names, profile: settings.profile)
        wish = ACMEWish(
            directory: directory, names: settings.names, challenge: settings.challenge, email: settings.email,
            agreesToTerms: settings.agreesToTerms, externalAccount: try Self.externalAccount(settings, secrets),
            profile: settings.profile, trust: settings.trust.isEmpty ? .system : .anchors(trust))
    }

    private static func externalAccount(
        _ settings: ACMESettings, _ secrets: SecretReader
    ) throws(GatewayError) -> ACMEWish.ExternalAccount? {
        guard let account = settings.externalAccount else { return nil }
        let text: [UInt8]
        do throws(SecretError) { text = try secrets.read(account.key) } catch { throw .secret(error) }
        guard let secret = secret(in: text), secret.count >= 16 else {
            throw .certificates(
                PKIError(
                    .acmeAccountRefused, "externalAccount of \(settings.names.joined(separator: ", "))",
                    "the MAC key is not base64url, or has fewer than 16 bytes"))
        }
        return ACMEWish.ExternalAccount(keyID: account.keyID, secret: secret)
    }

    /// Authorities print the key with and without padding, and some in the alphabet of plain base64.
    private static func secret(in text: [UInt8]) -> [UInt8]? {
        let letters = text.filter { $0 != UInt8(ascii: "=") }.map { letter in
            switch letter {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: letter
            }
        }
        return Base64URL.decode(String(decoding: letters, as: UTF8.self))
    }

    /// What is in the store, if it can be shown: nil when there is none, or it has expired.
    ///
    /// - Throws: acmeStateUnusable and its kin for a file that is there and damaged or open to others.
    func stored(in store: ACMEStore, at now: Int64) throws(PKIError) -> CredentialPair? {
        guard let (chain, key) = try store.certificate(identifier), let leaf = chain.first, now <= leaf.notAfter else {
            return nil
        }
        return try CredentialPair(chain: chain, key: key, source: "ACME certificate of \(settings.names[0])", at: now)
    }
}
