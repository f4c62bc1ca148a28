/// Why a certificate was withdrawn: CRLReason of RFC 5280 section 5.3.1.
package enum RevocationReason: UInt8, Sendable, Hashable, CaseIterable, Codable {
    case unspecified = 0
    case keyCompromise = 1
    case caCompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    /// The only one that may be taken back.
    case certificateHold = 6
    /// In a delta list only: the hold was taken back, or the certificate has expired.
    case removeFromCRL = 8
    case privilegeWithdrawn = 9
    case aACompromise = 10

    /// As the standard spells it.
    package var name: String { "\(self)" }

    /// What a person may give as a reason.
    package static let selectable = allCases.filter { $0 != .removeFromCRL }

    package init?(name: String) {
        guard let reason = Self.selectable.first(where: { $0.name.lowercased() == name.lowercased() }) else { return nil }
        self = reason
    }
}

/// When and why, as a revocation list has it; 8 bytes.
struct RevokedEntry: Sendable, Hashable {
    private let bits: Int64

    /// - Parameter date: seconds since 1970, of the years 0 to 9999.
    init(date: Int64, reason: RevocationReason) { bits = date << 8 | Int64(reason.rawValue) }

    var date: Int64 { bits >> 8 }
    var reason: RevocationReason { RevocationReason(rawValue: UInt8(truncatingIfNeeded: bits)) ?? .unspecified }
}
