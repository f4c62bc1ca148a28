import SallyportModel

/// What a client says of itself before anything is encrypted (RFC 8446 section 4.1.2), read strictly.
///
/// Nothing of it is proved. It chooses and refuses; it never identifies.
package struct ClientHello: Sendable, Hashable {
    /// `legacy_version`: what TLS 1.2 and older clients offer at most.
    package var legacyVersion: UInt16 = 0
    package var cipherSuites: [UInt16] = []
    /// The host name asked for, lower-case; nil when the extension is absent.
    package var sni: String?
    /// Application protocols in the order of preference, as bytes on the wire; empty when the extension is absent.
    package var alpn: [[UInt8]] = []
    /// The `supported_versions` extension; empty when it is absent.
    package var supportedVersions: [UInt16] = []
    /// The types of all extensions in their order, GREASE included; a fingerprint is made of them.
    package var extensions: [UInt16] = []
    package var groups: [UInt16] = []
    /// The `ec_point_formats` extension (RFC 8422 section 5.1.2); empty when it is absent.
    package var pointFormats: [UInt8] = []
    /// Groups that a key share was sent for, in their order.
    package var keyShares: [UInt16] = []
    /// How a TLS 1.3 session may be resumed (RFC 8446 section 4.2.9).
    package var pskModes: [UInt8] = []
    /// `legacy_session_id`: 0 to 32 bytes.
    package var sessionIDLength = 0
    package var signatureAlgorithms: [UInt16] = []
    /// Whether the client wants to resume a TLS 1.3 session.
    package var hasPreSharedKey = false
    /// Whether the client brings a TLS 1.2 session ticket.
    package var hasSessionTicket = false
    /// Whether the client has sent application data along, which is never accepted here.
    package var hasEarlyData = false

    package init() {}

    /// The versions on offer, from the extension or, without it, from `legacy_version`.
    package var versions: [UInt16] { supportedVersions.isEmpty ? [legacyVersion] : supportedVersions }
}

/// What is wrong with the first bytes of a connection.
package struct HelloFault: Error, Sendable, Equatable {
    package let reason: Reason
    /// Constant text for the operator.
    package let detail: StaticString

    package init(_ reason: Reason, _ detail: StaticString) {
        self.reason = reason
        self.detail = detail
    }

    package static func == (left: HelloFault, right: HelloFault) -> Bool {
        left.reason == right.reason && left.detail.description == right.detail.description
    }
}
