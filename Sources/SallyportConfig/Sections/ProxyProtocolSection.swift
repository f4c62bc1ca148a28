import SallyportModel

/// `listeners.NAME.proxyProtocol`.
enum ProxyProtocolSection {
    static let trust = Field(
        "trust", .list(of: .proxyNetwork(), count: 1...64), required: true,
        "The networks of the load balancers; from them the PROXY header is demanded on every connection.",
        danger: "Whoever is in here can take any address for its own, in logs, limits and forwarded fields.")
    static let others = DefaultedField(
        "others", .choice(noun: "way to meet others"), default: ProxyTrust.Others.refuse,
        "What happens to connections from elsewhere: `refuse`, or `direct`: they speak for themselves, without a header.")

    static let type = ValueType.record("`proxyProtocol`", [trust.row, others.row]) { record in
        ProxyTrust(networks: record[trust]?.value.map(\.value) ?? [], others: record[others])
    }
}

extension ValueType<AddressRange> {
    /// A network that is not everybody.
    static func proxyNetwork() -> ValueType {
        let shape = ScalarShape(
            words: "a network such as 10.0.0.0/8", pattern: "[0-9A-Fa-f:.]+/[0-9]{1,3}", examples: ["10.0.0.0/8"])
        return .scalar(shape, text: \.text) { text throws(ValueError) in
            let range = try AddressRange(parsing: text)
            guard range.prefix > 0 else {
                throw ValueError(
                    reason: .outOfRange, message: "\(text) is everybody, who could then take any address for its own",
                    label: "name the networks of the load balancers")
            }
            return range
        }
    }
}
