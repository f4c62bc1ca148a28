import FoundationEssentials
import SallyportModel

/// One line of the operator's own deny list: whoever matches is refused, whatever the authority says.
package struct DenyEntry: Sendable, Hashable, Codable {
    package let subject: Subject
    /// Seconds since 1970.
    package let since: Int64
    package let reason: RevocationReason

    package enum Subject: Sendable, Hashable {
        /// Of every issuer, or of one.
        case serial(String, issuer: String?)
        /// SHA-256 of the SubjectPublicKeyInfo, upper-case hexadecimal; wherever on the path the key is.
        case key(String)
        /// A SPIFFE ID of the peer.
        case spiffe(String)
        /// Whatever this issuer has signed.
        case issuer(String)
    }

    package init(_ subject: Subject, since: Int64, reason: RevocationReason) {
        self.subject = subject
        self.since = since
        self.reason = reason
    }

    /// `serial 0A1B of CN=Example`
    package var text: String {
        switch subject {
        case .serial(let serial, nil): "serial \(serial)"
        case .serial(let serial, let issuer?): "serial \(serial) of \(issuer)"
        case .key(let fingerprint): "key \(fingerprint)"
        case .spiffe(let uri): "SPIFFE ID \(uri)"
        case .issuer(let issuer): "issuer \(issuer)"
        }
    }
}

extension DenyEntry.Subject {
    /// What a person typed, checked.
    /// - Parameters:
    ///   - key: SHA-256 of the public key's encoding, in hexadecimal.
    ///   - issuer: a name in `pki.authorities`, or a distinguished name as `cert inspect` shows it.
    /// - Throws: denyEntryInvalid.
    package init(serial: String?, key: String?, spiffe: String?, issuer: String?) throws(RevocationFault) {
        let issuer = try issuer.map { text throws(RevocationFault) in try Self.issuerText(text) }
        switch (serial, key, spiffe, issuer) {
        case (let serial?, nil, nil, let issuer):
            guard let number = SerialNumber(hexadecimal: serial) else {
                throw RevocationFault(.denyEntryInvalid, "the serial number is not 1 to 20 octets in hexadecimal")
            }
            self = .serial(number.text, issuer: issuer)
        case (nil, let key?, nil, nil):
            guard let bytes = Hexadecimal.bytes(key.utf8.filter { $0 != UInt8(ascii: ":") }), bytes.count == 32 else {
                throw RevocationFault(.denyEntryInvalid, "the key's SHA-256 is not 32 octets in hexadecimal")
            }
            self = .key(Hexadecimal.text(bytes))
        case (nil, nil, let spiffe?, nil):
            guard SPIFFEIdentifier(spiffe) != nil else {
                throw RevocationFault(.denyEntryInvalid, "\(PrintableText.make(spiffe, limit: 200)) is not a SPIFFE ID")
            }
            self = .spiffe(spiffe)
        case (nil, nil, nil, let issuer?):
            self = .issuer(issuer)
        default:
            throw RevocationFault(
                .denyEntryInvalid, "give one of a serial number, a key, a SPIFFE ID and an issuer; only a serial number goes with an issuer")
        }
    }

    private static func issuerText(_ text: String) throws(RevocationFault) -> String {
        guard (1...1024).contains(text.utf8.count), text.unicodeScalars.allSatisfy({ !$0.isUnsafeInNames }) else {
            throw RevocationFault(.denyEntryInvalid, "the issuer is empty, too long or not plain text")
        }
        return text
    }
}

extension DenyEntry {
    private enum Key: String, CodingKey { case serial, key, spiffe, issuer, since, reason }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decode(String.self, forKey: .reason)
        guard let reason = RevocationReason(name: name) else {
            throw RevocationFault(.denyEntryInvalid, "the reason is not known")
        }
        self.init(
            try Subject(
                serial: container.decodeIfPresent(String.self, forKey: .serial),
                key: container.decodeIfPresent(String.self, forKey: .key),
                spiffe: container.decodeIfPresent(String.self, forKey: .spiffe),
                issuer: container.decodeIfPresent(String.self, forKey: .issuer)),
            since: try container.decode(Int64.self, forKey: .since), reason: reason)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch subject {
        case .serial(let serial, let issuer):
            try container.encode(serial, forKey: .serial)
            try container.encodeIfPresent(issuer, forKey: .issuer)
        case .key(let fingerprint): try container.encode(fingerprint, forKey: .key)
        case .spiffe(let uri): try container.encode(uri, forKey: .spiffe)
        case .issuer(let issuer): try container.encode(issuer, forKey: .issuer)
        }
        try container.encode(since, forKey: .since)
        try container.encode(reason.name, forKey: .reason)
    }
}
