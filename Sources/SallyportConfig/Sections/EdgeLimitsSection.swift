/// `limits`: what the gateway takes on in all, and from each client at most.
enum EdgeLimitsSection {
    private static let defaults = EdgeLimits()
    static let connections = Field(
        "connections", .integer(16...1_000_000), otherwise: "half of the files that the process may have open",
        "How many clients may be connected; further connections are closed. The admin listener is counted apart.",
        danger: "Behind each connection may be another one to an upstream: allow twice as many open files.")
    static let requests = DefaultedField(
        "requests", .integer(1...1_000_000), default: defaults.requests,
        """
        How many requests may be on their way to upstreams; further ones wait up to a second, in turn by identity, \
        and are then answered 503.
        """)
    static let handshakes = DefaultedField(
        "handshakes", .perSecond(1...100_000), default: defaults.handshakes,
        """
        TLS handshakes that each worker begins for addresses that have not come in lately; those that have may come \
        four times as fast.
        """,
        danger: "A handshake costs about 0.3 ms of a core.")
    static let memory = Field(
        "memory", .size((32 << 20)...(1 << 42)),
        otherwise: "the limit of the container, or nine tenths of the machine",
        """
        The memory that the gateway may use. From 85 parts of a hundred connections end with their request, from 92 \
        new requests are answered 503, from 95 new connections are closed and the largest buffers given up.
        """)
    static let addresses = Field("addresses", AddressLimitsSection.type, "What one address may do; of IPv6, one /64.")
    static let identities = Field("identities", IdentityLimitsSection.type, "What one identity may do.")

    static let bans = Field(
        "bans", BanLimitsSection.type, otherwise: "nobody is banned automatically",
        "Who is refused again and again is not served for a while; `sallyport ban list` shows them.",
        danger: "A ban of an address shuts out all who share it: name the proxies of many users in `addresses.exempt`.")

    static let type = ValueType.record(
        "`limits`",
        [connections.row, requests.row, handshakes.row, memory.row, addresses.row, identities.row, bans.row]
    ) { record in
        EdgeLimits(
            connections: record[connections]?.value, requests: record[requests], handshakes: record[handshakes],
            memory: record[memory]?.value, addresses: record[addresses]?.value ?? defaults.addresses,
            identityConnections: record[identities]?.value ?? defaults.identityConnections,
            bans: record[bans]?.value)
    }
}

enum AddressLimitsSection {
    private static let defaults = AddressLimits()
    static let connections = DefaultedField(
        "connections", .integer(1...1_000_000), default: defaults.connections, "Open connections of one address.",
        danger: "Many users may stand behind one address; name their proxy in `exempt`.")
    static let rate = DefaultedField(
        "rate", .perSecond(1...1_000_000), default: defaults.rate, "New connections of one address.")
    static let burst = DefaultedField(
        "burst", .integer(1...1_000_000), default: defaults.burst, "New connections of one address at once.")
    static let handshakes = DefaultedField(
        "handshakes", .perSecond(1...100_000), default: defaults.handshakes,
        "TLS handshakes of one address; four times as many at once.")
    static let exempt = Field(
        "exempt", .list(of: .network(), count: 0...256), otherwise: "[127.0.0.0/8, ::1/128]",
        "Networks whose addresses, and the identities that come from them, are not limited by themselves.",
        danger: "Whoever is in here can use up the connections of all.")

    static let type = ValueType.record(
        "`addresses`", [connections.row, rate.row, burst.row, handshakes.row, exempt.row]
    ) { record in
        AddressLimits(
            connections: record[connections], rate: record[rate], burst: record[burst], handshakes: record[handshakes],
            exempt: record[exempt]?.value.map(\.value) ?? defaults.exempt)
    }
}

enum IdentityLimitsSection {
    static let connections = DefaultedField(
        "connections", .integer(1...1_000_000), default: EdgeLimits().identityConnections,
        "Open connections of one client: of the same authority and subject, whatever name they share.")

    static let type = ValueType.record("`identities`", [connections.row]) { $0[connections] }
}

enum BanLimitsSection {
    private static let defaults = BanLimits()
    private static let times = Duration.seconds(1)...Duration.seconds(86_400)
    static let after = DefaultedField(
        "after", .integer(1...1_000_000), default: defaults.after,
        """
        How many refusals, which the client itself has caused, lead to a ban. They are counted by identity, and by \
        address for those without.
        """,
        danger: "A low number bans clients for ordinary mistakes, such as a page with missing permissions.")
    static let within = DefaultedField(
        "within", .duration(times), default: defaults.within, "The time within which refusals are counted.")
    static let length = DefaultedField(
        "for", .duration(times), default: defaults.length,
        "How long a first ban lasts; each further one within a day is twice as long, up to a day.")

    static let type = ValueType.record("`bans`", [after.row, within.row, length.row]) { record in
        BanLimits(after: record[after], within: record[within], length: record[length])
    }
}

extension ValueType<Int> {
    /// A rate: `50/s`.
    static func perSecond(_ range: ClosedRange<Int>) -> ValueType {
        let shown = "\(range.lowerBound)/s … \(range.upperBound)/s"
        let shape = ScalarShape(words: "a rate such as 50/s", range: shown, pattern: "[0-9]+/s", examples: ["50/s"])
        return .scalar(shape, text: { "\($0)/s" }) { text throws(ValueError) in
            let digits = text.dropLast(2)
            guard text.hasSuffix("/s"), !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
                throw ValueError(
                    message: "\"\(text)\" is no rate", label: "such as 50/s", help: isNumber ? ["write \(text)/s"] : [])
            }
            guard let value = Int(digits), range.contains(value) else {
                throw ValueError(reason: .outOfRange, message: "\(text) is out of range", label: shown)
            }
            return value
        }
    }
}
