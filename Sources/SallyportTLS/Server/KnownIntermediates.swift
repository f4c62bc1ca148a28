/// Chains of intermediates from verified paths, by the issuer of the leaves below them.
///
/// Two authorities may have issuers of one name, so there are several chains for each. At both bounds the oldest is
/// forgotten, never all.
struct KnownIntermediates {
    static let maximumIssuers = 64
    static let maximumChains = 4

    /// By name in DER; newest first.
    private var chains: [[UInt8]: [[[UInt8]]]] = [:]
    /// Names, oldest first.
    private var issuers: [[UInt8]] = []

    /// - Parameters:
    ///   - chain: leaf's issuer first, DER; an empty one is not kept.
    ///   - issuer: name in the leaf, DER.
    mutating func insert(_ chain: [[UInt8]], issuer: [UInt8]) {
        guard !chain.isEmpty, chains[issuer]?.first != chain || issuers.last != issuer else { return }
        let others = (chains[issuer] ?? []).filter { $0 != chain }
        chains[issuer] = [chain] + others.prefix(Self.maximumChains - 1)
        issuers.removeAll { $0 == issuer }
        issuers.append(issuer)
        if issuers.count > Self.maximumIssuers { chains[issuers.removeFirst()] = nil }
    }

    /// Newest first.
    func chains(issuer: [UInt8]) -> [[[UInt8]]] { chains[issuer] ?? [] }
}
