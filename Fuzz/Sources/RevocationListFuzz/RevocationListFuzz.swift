@testable import SallyportModel
@testable import SallyportPKI

/// A revocation list that is read keeps its promises: bounded, in order, with a name that can be shown.
func fuzzRevocationList(_ bytes: [UInt8]) {
    let limits = RevocationLimits(listBytes: 1 << 16, listEntries: 100)
    do throws(RevocationFault) {
        for list in try CertificateListFile.lists(in: bytes, limits: limits) {
            require(list.count <= limits.listEntries, "too many entries")
            require(list.thisUpdate < list.nextUpdate, "times out of order")
            require(!list.title.unicodeScalars.contains { $0.value < 0x20 }, "unsafe name")
            require(list.isDelta || !list.entries.values.contains { $0.reason == .removeFromCRL }, "removed from nothing")
        }
    } catch {
        require(!error.detail.isEmpty, "a refusal without a reason")
    }
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
