import SallyportModel

/// The ACME server: where it answers, and who gets what.
package struct ACMEServerSettings: Sendable, Hashable {
    /// A listener with TLS.
    package var listener: String
    /// `/acme`; everything below it is the server's.
    package var path: String
    /// In the order in which they are offered; at least one.
    package var challenges: [Challenge]
    package var validation: Validation
    /// Orders of one account in an hour.
    package var ordersPerHour: Int
    /// By key identifier.
    package var externalAccounts: [String: ExternalAccount]

    package enum Challenge: String, Sendable, CaseIterable {
        case http = "http-01"
        case tlsALPN = "tls-alpn-01"
    }

    package enum Usage: String, Sendable, CaseIterable { case client, server }

    /// Whom the gateway asks when a workload says that a name is its own.
    package struct Validation: Sendable, Hashable {
        /// No address outside of these is connected to.
        package var networks: [AddressRange]
        package var httpPort: UInt16
        package var tlsPort: UInt16

        package init(networks: [AddressRange], httpPort: UInt16 = 80, tlsPort: UInt16 = 443) {
            self.networks = networks
            self.httpPort = httpPort
            self.tlsPort = tlsPort
        }
    }

    package struct ExternalAccount: Sendable, Hashable {
        /// The MAC key in base64url.
        package var macKey: SecretReference
        /// DNS names in lower case, or `*.` and a name for one label in front.
        package var names: [String]
        package var usages: [Usage]
        package var lifetime: Duration

        package init(macKey: SecretReference, names: [String], usages: [Usage], lifetime: Duration) {
            self.macKey = macKey
            self.names = names
            self.usages = usages
            self.lifetime = lifetime
        }
    }

    package init(
        listener: String, path: String, challenges: [Challenge], validation: Validation, ordersPerHour: Int,
        externalAccounts: [String: ExternalAccount]
    ) {
        self.listener = listener
        self.path = path
        self.challenges = challenges
        self.validation = validation
        self.ordersPerHour = ordersPerHour
        self.externalAccounts = externalAccounts
    }
}

/// The enrolment call: where it answers, and who may renew.
package struct EnrolmentSettings: Sendable, Hashable {
    package var listener: String
    package var path: String
    /// Of a renewed certificate.
    package var lifetime: Duration
    /// Identities that may renew their own certificate.
    package var renew: [String]

    package init(listener: String, path: String, lifetime: Duration, renew: [String]) {
        self.listener = listener
        self.path = path
        self.lifetime = lifetime
        self.renew = renew
    }
}

/// A block of IP addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3).
package struct AddressRange: Sendable, Hashable {
    /// 4 or 16; bits behind the prefix are zero.
    package let bytes: [UInt8]
    /// Bits.
    package let prefix: Int

    /// Nil when there are too many prefix bits, or bits behind the prefix are set.
    package init?(bytes: [UInt8], prefix: Int) {
        guard bytes.count == 4 || bytes.count == 16, (0...bytes.count * 8).contains(prefix) else { return nil }
        self.bytes = bytes
        self.prefix = prefix
        guard Self.masked(bytes, prefix) == bytes else { return nil }
    }

    /// - Parameter address: 4 or 16 bytes. An IPv4 address inside IPv6 counts as the IPv4 address that it is.
    package func contains(_ address: [UInt8]) -> Bool {
        let address = Self.unwrapped(address)
        return address.count == bytes.count && Self.masked(address, prefix) == bytes
    }

    /// `::ffff:a.b.c.d` and the forms that translators use lead to an IPv4 address (RFC 4291 section 2.5.5, RFC 6052).
    private static func unwrapped(_ address: [UInt8]) -> [UInt8] {
        let embeddings: [[UInt8]] = [
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        guard address.count == 16, embeddings.contains(Array(address.prefix(12))) else { return address }
        return Array(address.suffix(4))
    }

    private static func masked(_ address: [UInt8], _ prefix: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let bits = min(8, max(0, prefix - index * 8))
            return byte & UInt8(truncatingIfNeeded: 0xff00 >> bits)
        }
    }
}
