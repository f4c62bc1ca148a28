import FoundationEssentials
import SallyportPKI

/// The question to an authorization server (RFC 7662 section 2.1). It holds the token and the gateway's own secret:
/// never log it.
package enum IntrospectionRequest {
    /// - Parameters:
    ///   - client: the gateway's name at the server and its secret, sent as RFC 6749 section 2.3.1 has it.
    /// - Returns: nil for a token with bytes that no bearer token has (RFC 6750 section 2.1).
    package static func make(
        token: [UInt8], url: FetchURL, client: String, secret: String, trust: FetchTrust, bounds: FetchBounds
    ) -> FetchRequest? {
        guard isBearer(token) else { return nil }
        let credentials = Array("\(encoded(client)):\(encoded(secret))".utf8)
        guard let authorization = FetchField("authorization", "Basic " + Data(credentials).base64EncodedString()) else {
            return nil
        }
        let body = "token=\(encoded(String(decoding: token, as: UTF8.self)))&token_type_hint=access_token"
        return FetchRequest(
            .post, url,
            fields: [authorization, .contentType("application/x-www-form-urlencoded"), .accept("application/json")],
            body: Array(body.utf8), trust: trust, bounds: bounds)
    }

    /// `b64token` of RFC 6750 section 2.1.
    package static func isBearer(_ token: [UInt8]) -> Bool {
        let letters = token.prefix { isUnreserved($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }
        return !letters.isEmpty && token.dropFirst(letters.count).allSatisfy { $0 == UInt8(ascii: "=") }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-._~".utf8.contains(byte)
        }
    }

    /// application/x-www-form-urlencoded, with every byte escaped that has a meaning anywhere.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
