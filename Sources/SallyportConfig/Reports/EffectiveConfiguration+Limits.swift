// Rate limits and the cluster, as they would stand in a file.
extension EffectiveConfiguration {
    static func rateLimit(_ limit: RateLimit) -> JSONValue {
        var members: KeyValuePairs<String, JSONValue?> = [:]
        let isCluster = limit.scope == .cluster
        switch limit.quota {
        case .concurrent(let count): members = ["concurrent": .integer(Int(clamping: count))]
        case .rate(let rate, let burst):
            members = [
                "rate": .string(rate.text),
                "burst": rate.period.seconds == nil ? nil : .integer(Int(clamping: burst)),
                "count": .string(rate.unit.rawValue),
            ]
        }
        let rest: KeyValuePairs<String, JSONValue?> = [
            "scope": .string(limit.scope.rawValue),
            "whenClusterFails": isCluster ? .string(limit.whenClusterFails.rawValue) : nil,
            "shadow": limit.isShadow ? .bool(true) : nil,
            "fields": .string(limit.fields.rawValue),
        ]
        let by: JSONValue = .strings(limit.by.isEmpty ? ["all"] : limit.by.map(\.text))
        return .object(
            [.init("by", by)]
                + (Array(members) + Array(rest)).compactMap { name, value in value.map { .init(name, $0) } })
    }

    static func cluster(_ store: ClusterStore) -> JSONValue {
        .members([
            "valkey": .members([
                "url": .string((store.tls == nil ? "valkey" : "valkeys") + "://" + store.authority),
                "username": store.username.map(JSONValue.string),
                "password": store.password.map { .string($0.text) },
                "tls": store.tls.map(upstreamTLS),
            ])
        ])
    }
}

extension RateLimit {
    /// One line, for people.
    package var words: String {
        let counted = by.isEmpty ? "for all together" : "by " + by.map(\.text).joined(separator: " and ")
        let shared = scope == .cluster ? ", shared (\(whenClusterFails.rawValue) without the cluster)" : ""
        let shadow = isShadow ? ", in shadow" : ""
        switch quota {
        case .concurrent(let count): return "\(count) at a time \(counted)" + shared + shadow
        case .rate(let rate, let burst):
            let atOnce = rate.period.seconds == nil ? "" : ", \(burst) at once"
            let unit = rate.unit == .bytes ? " of bytes" : ""
            return "\(rate.text)\(unit) \(counted)\(atOnce)" + shared + shadow
        }
    }
}
