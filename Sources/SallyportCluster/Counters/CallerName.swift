import Crypto
import SallyportConfig
import SallyportLimits

/// What a caller of one limit is called in the shared counters: the same in every gateway, and a hash, so that the
/// server holds no names, addresses or keys.
package struct CallerName: LimitKeyParts {
    private var hash = SHA256()
    private let limit: String

    /// The quota is in the name, so that a limit that changes does not meet what was counted in another way.
    package init(_ limit: BoundLimit) {
        switch limit.rule.quota {
        case .concurrent(let count): self.limit = "\(limit.policy):\(limit.rule.name):\(count)"
        case .rate(let rate, let burst): self.limit = "\(limit.policy):\(limit.rule.name):\(rate.text):\(burst)"
        }
    }

    package mutating func add(_ part: LimitKeyPart, _ bytes: some Collection<UInt8>) {
        hash.update(data: [part.rawValue])
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
        hash.update(data: Array(bytes))
    }

    /// In braces is what decides where a server of many keeps it.
    package consuming func text() -> String {
        let digest = hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "sallyport:{\(limit):\(digest)}"
    }
}
