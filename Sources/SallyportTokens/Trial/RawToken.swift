import SallyportConfig
import SallyportModel
import SallyportPKI

/// A token that could not be read, looked at for what is wrong with it. Nothing of it is used for anything but words.
struct RawToken {
    private let text: [UInt8]

    init(_ text: [UInt8]) { self.text = text }

    func words(for fault: TokenFault) -> String {
        switch fault {
        case .tooLarge: "it has \(text.count) bytes, \(SignedToken.maximumBytes) are the most"
        case .malformed: malformation
        case .algorithm: "its alg \(member("alg", of: header)) is none that is known"
        case .header: headerWords
        case .claimMissing: "it has no \(missingClaims.joined(separator: " and no "))"
        case .boundElsewhere: "it is bound (cnf) in a way that cannot be checked here"
        default: "\(fault.reason.explanation)"
        }
    }

    // MARK: parts

    private var parts: [ArraySlice<UInt8>] {
        text.prefix(SignedToken.maximumBytes).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    }

    private var header: JSONValue? { json(0) }
    private var payload: JSONValue? { json(1) }

    private func bytes(_ index: Int) -> [UInt8]? {
        guard parts.indices.contains(index), let text = String(validating: parts[index], as: UTF8.self) else {
            return nil
        }
        return Base64URL.decode(text)
    }

    private func json(_ index: Int) -> JSONValue? {
        guard let bytes = bytes(index) else { return nil }
        do throws(JOSEFailure) {
            return try JSONText.parse(bytes, limit: SignedToken.maximumBytes, takesDecimals: true)
        } catch {
            return nil
        }
    }

    // MARK: words

    private var malformation: String {
        let parts = parts
        guard parts.count == 3 else {
            return parts.count == 1
                ? "it has no dots, so it is no JWT: an opaque token wants a policy with `introspection`"
                : "it has \(parts.count) parts between dots, 3 are wanted"
        }
        for (index, name) in ["header", "payload", "signature"].enumerated() {
            if parts[index].isEmpty { return "its \(name) is empty" }
            guard bytes(index) != nil else { return "its \(name) is no base64url" }
        }
        guard case .object? = header else { return "its header is no strict JSON object, or has a name twice" }
        guard case .object? = payload else { return "its payload is no strict JSON object, or has a name twice" }
        return "a member of it is of another kind or longer than its standard says (RFC 7519, RFC 7515)"
    }

    private var headerWords: String {
        for name in ["crit", "b64", "enc", "zip"] where header?[name] != nil {
            return "its header has \(name), which is not taken"
        }
        return "its typ is \(member("typ", of: header)), which is no access token"
    }

    private var missingClaims: [String] { ["iss", "aud", "exp"].filter { payload?[$0] == nil } }

    private func member(_ name: String, of json: JSONValue?) -> String {
        json?[name]?.text.map(TokenTrial.shown) ?? "(no text)"
    }
}
