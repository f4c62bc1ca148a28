import Crypto
import FoundationEssentials

/// Gives out nonces and takes each back once (RFC 8555 section 6.5), in bounded memory.
///
/// A nonce says when it was made and proves by a MAC that it was made here, so those that are given out need no place.
/// Only used ones are remembered. When there are too many of them, the oldest are forgotten and with them every nonce of
/// their age is refused: a client then asks again, and nothing is ever accepted twice.
struct NonceBook: Sendable {
    static let lifetime: Int64 = 3600

    private let secret = SymmetricKey(size: .bits256)
    private let capacity: Int
    private var used: Set<[UInt8]> = []
    /// In the order of their use.
    private var order: [(nonce: [UInt8], madeAt: Int64)] = []
    /// Nonces made up to then are refused.
    private var forgottenUpTo = Int64.min

    init(capacity: Int = 20_000) { self.capacity = capacity }

    /// Base64url of 8 bytes of time, 8 random ones and 16 of the MAC.
    func make(at now: Int64) -> String {
        let random = UInt64.random(in: .min ... .max)
        let body = Self.bytes(UInt64(bitPattern: now)) + Self.bytes(random)
        return Base64URL.encode(body + mark(body))
    }

    /// Whether it was made here, is young and unused; it is used then.
    mutating func use(_ text: String, at now: Int64) -> Bool {
        guard let nonce = Base64URL.decode(text), nonce.count == 32 else { return false }
        let body = Array(nonce.prefix(16))
        let code = Array(nonce.suffix(16))
        guard Self.areEqual(code, mark(body)) else { return false }
        let madeAt = Int64(bitPattern: body.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        guard madeAt > forgottenUpTo, (0...Self.lifetime).contains(now - madeAt), used.insert(nonce).inserted
        else { return false }
        order.append((nonce, madeAt))
        forgetOldest()
        return true
    }

    private mutating func forgetOldest() {
        guard order.count > capacity else { return }
        let leaving = order.prefix(capacity / 2)
        for entry in leaving {
            used.remove(entry.nonce)
            forgottenUpTo = max(forgottenUpTo, entry.madeAt)
        }
        order.removeFirst(leaving.count)
    }

    private func mark(_ body: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(body), using: secret).prefix(16))
    }

    private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func bytes(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }
}
