import SallyportConfig
import SallyportPKI
import SallyportModel

/// What an authorization server says about a token that only it can read (RFC 7662 section 2.2).
package enum IntrospectionAnswer: Sendable, Hashable {
    case inactive
    case active(TokenClaims)

    package static let maximumBytes = 64 << 10

    /// - Parameters:
    ///   - body: of a 200.
    ///   - rules: `issuer` and `audiences` stand for what the answer leaves out: a server answers only for its own
    ///     tokens, and the operator has named it.
    package init(_ body: [UInt8], rules: TokenRules, at now: Int64) throws(TokenFault) {
        let json: JSONValue
        do throws(JOSEFailure) {
            json = try JSONText.parse(body, limit: Self.maximumBytes, takesDecimals: true)
        } catch {
            throw .malformed
        }
        guard case .object(let members) = json, let isActive = json["active"]?.truth else { throw .malformed }
        guard isActive else {
            self = .inactive
            return
        }
        var completed = members
        if json["iss"] == nil { completed.append(.init("iss", .string(rules.issuer))) }
        if json["exp"] == nil { completed.append(.init("exp", .integer(Int(now + IntrospectionCache.longestActive)))) }
        self = .active(try TokenClaims(.object(completed)))
    }
}
