import SallyportModel

/// How long the registry remembers a certificate that has expired.
///
/// Nothing needs the line any more by then, so dropping it only keeps the file from growing for ever. What was revoked
/// is kept much longer: a clock that runs ahead for some time and is set back must not bring a revoked certificate back.
enum RegistryRetention {
    /// As long again as it was valid, but no longer than this, seconds.
    static let afterExpiry: Int64 = 30 * 86_400
    static let revokedAfterExpiry: Int64 = 400 * 86_400

    static func keeps(_ record: IssuedRecord, at now: Int64) -> Bool {
        guard record.revokedAt == nil else { return now <= record.notAfter + revokedAfterExpiry }
        return now <= record.notAfter + min(afterExpiry, max(0, record.notAfter - record.notBefore))
    }
}
