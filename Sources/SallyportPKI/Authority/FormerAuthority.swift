import FoundationEssentials
import SallyportModel

/// A root or an intermediate of the built-in authority that issues no longer: a line of `ca/former.json`.
package struct FormerAuthority: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Codable { case root, intermediate }

    package let kind: Kind
    /// Upper-case hex.
    package let serial: String
    package let subject: String
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64
    /// Serial number of the root above it; its own for a root.
    package let root: String
    /// Seconds since 1970.
    package let replacedAt: Int64
    /// The end of the last certificate that it issued: until then it stays trusted. Seconds since 1970.
    package let trustedUntil: Int64
    /// `ca rotate --finish` ended it before its time; what it issued is refused.
    package var isWithdrawn = false

    init(_ certificate: ParsedCertificate, kind: Kind, root: ParsedCertificate, at now: Int64, trustedUntil: Int64) {
        self.kind = kind
        serial = certificate.serial
        subject = certificate.subject
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        self.root = root.serial
        replacedAt = now
        self.trustedUntil = min(trustedUntil, certificate.notAfter)
    }

    package enum State: String, Sendable, Codable {
        /// What it issued is accepted; it issues nothing.
        case overlap
        /// All that it issued has expired.
        case ended
        case withdrawn
    }

    package func state(at now: Int64) -> State {
        if isWithdrawn { return .withdrawn }
        return now <= trustedUntil ? .overlap : .ended
    }

    /// Whether nothing more can come of it, even if the clock was ahead for some time and is set back.
    func canBeForgotten(at now: Int64) -> Bool {
        (isWithdrawn ? notAfter : trustedUntil) < now - Self.memory
    }

    /// Seconds; longer than a clock is wrong unnoticed.
    static let memory: Int64 = 60 * 86_400
}

extension [FormerAuthority] {
    /// Rotations in overlap at the same time.
    static let maximumOverlaps = 64

    private struct File: Codable {
        var version = 1
        let former: [FormerAuthority]
    }

    init(json: [UInt8], source: String) throws(PKIError) {
        do {
            let file = try JSONDecoder().decode(File.self, from: Data(json))
            guard file.version == 1 else { throw PKIError(.authorityUnusable, source, "it is of another version") }
            self = file.former
        } catch let error as PKIError {
            throw error
        } catch {
            throw PKIError(.authorityUnusable, source, "it is damaged")
        }
    }

    func json(source: String) throws(PKIError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(File(former: self))) + [UInt8(ascii: "\n")]
        } catch {
            throw PKIError(.stateWriteFailed, source, "it cannot be encoded")
        }
    }
}
