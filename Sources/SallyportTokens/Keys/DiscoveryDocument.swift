import SallyportConfig
import SallyportPKI

/// What an issuer says about itself (OpenID Connect Discovery section 4, RFC 8414 section 3).
package struct DiscoveryDocument: Sendable, Hashable {
    package static let maximumBytes = 64 << 10

    package let keys: FetchURL

    /// - Parameters:
    ///   - document: as fetched.
    ///   - issuer: the one that was asked. The document has to name the same, byte for byte (RFC 8414 section 3.3).
    package init(_ document: [UInt8], issuer: String) throws(TokenKeyFault) {
        let json: JSONValue
        do throws(JOSEFailure) {
            json = try JSONText.parse(document, limit: Self.maximumBytes, takesDecimals: true)
        } catch {
            throw .malformed
        }
        guard let named = json["issuer"]?.text, named.utf8.elementsEqual(issuer.utf8) else { throw .otherIssuer }
        guard let url = json["jwks_uri"]?.text.flatMap(FetchURL.init) else { throw .malformed }
        guard url.scheme == .https || issuer.hasPrefix("http:") else { throw .otherIssuer }
        keys = url
    }

    /// Where the document of an issuer is looked for, in this order; empty for an issuer that is no plain URL.
    package static func places(of issuer: String) -> [FetchURL] {
        guard let url = FetchURL(issuer), !url.target.contains("?") else { return [] }
        let path = url.target == "/" ? "" : url.target.hasSuffix("/") ? String(url.target.dropLast()) : url.target
        let root = "\(url.scheme.rawValue)://\(url.authority)"
        return [
            "\(root)\(path)/.well-known/openid-configuration", "\(root)/.well-known/oauth-authorization-server\(path)",
        ].compactMap { FetchURL($0) }
    }
}
