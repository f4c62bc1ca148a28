import SallyportConfig
import SallyportModel
import SallyportPKI

@testable import SallyportTokens

/// A token is refused with a reason or has one meaning: it is written in one way only, it reads the same again, and its
/// times are within the calendar. The same bytes are read as the other documents that decide about tokens.
func fuzzToken(_ bytes: [UInt8]) {
    do throws(TokenFault) {
        let token = try SignedToken(bytes)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        require(parts.count == 3, "no three parts")
        require(Array(Base64URL.encode(token.signature).utf8) == Array(parts[2]), "a second way to write the signature")
        require(token.signingInput + [UInt8(ascii: ".")] + parts[2] == bytes, "something is signed that was not sent")
        let claims = try TokenClaims(token.claims)
        require((0...253_402_300_799).contains(claims.facts.expires), "a time outside the calendar")
        require(claims == (try TokenClaims(token.claims)), "another meaning the second time")
    } catch {
        require(!error.reason.title.description.isEmpty, "no reason")
    }
    fuzzAnswers(bytes)
}

private func fuzzAnswers(_ bytes: [UInt8]) {
    let rules = TokenRules(issuer: "https://id.example.org", audiences: ["orders"])
    do throws(TokenFault) {
        let answer = try IntrospectionAnswer(bytes, rules: rules, at: 1000)
        require(answer == .inactive || bytes.contains(UInt8(ascii: "t")), "active without being said so")
    } catch {
        require(!error.reason.title.description.isEmpty, "no reason")
    }
    do throws(TokenKeyFault) {
        let document = try DiscoveryDocument(bytes, issuer: rules.issuer)
        require(document.keys.scheme == .https, "keys in the open")
    } catch {
        require(!error.description.isEmpty, "no reason")
    }
    _ = APIKey(bytes)
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
