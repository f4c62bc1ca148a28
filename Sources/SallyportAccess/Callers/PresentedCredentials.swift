import SallyportHTTP

/// The token and the API key that a request brings along. Nothing of them has been believed.
package struct PresentedCredentials: Sendable, Equatable {
    /// A bearer token (RFC 6750 section 2.1); never empty.
    package var token: [UInt8]?
    package var key: [UInt8]?
    /// Whether the key stands in the Authorization field.
    package var keyIsBearer = false

    /// More than one of a kind: the upstream, or another gateway, might take the other one.
    package struct Ambiguous: Error {}

    private static let authorization = Array("authorization".utf8)
    private static let apiKey = Array("x-api-key".utf8)

    /// - Parameter isKey: whether a bearer token is meant as an API key.
    package init(_ head: borrowing RequestHead, isKey: ([UInt8]) -> Bool) throws(Ambiguous) {
        let authorizations = head.fields(named: Self.authorization)
        let keys = head.fields(named: Self.apiKey)
        guard authorizations.count <= 1, keys.count <= 1 else { throw Ambiguous() }
        key = keys.first.map { Array(head.bytes[$0.valueRange]) }
        guard let field = authorizations.first, let bearer = Self.bearer(head.bytes[field.valueRange]) else { return }
        guard isKey(bearer) else {
            token = bearer
            return
        }
        guard key == nil else { throw Ambiguous() }
        key = bearer
        keyIsBearer = true
    }

    /// What follows the scheme, which is matched without regard to case (RFC 9110 section 11.1); nil for other schemes.
    private static func bearer(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        let scheme = Array("bearer ".utf8)
        guard value.count > scheme.count,
            zip(value, scheme).allSatisfy({ ($0 &- 0x41 < 26 ? $0 | 0x20 : $0) == $1 })
        else { return nil }
        return Array(value.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") })
    }
}
