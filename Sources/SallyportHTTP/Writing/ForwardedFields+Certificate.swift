import SallyportModel

/// How an upstream is told about the client's certificate. Computed once per connection.
extension ForwardedFields {
    /// Client-Cert and, where there are intermediates, Client-Cert-Chain (RFC 9440 §2).
    package static func rfc9440(_ identity: Identity) -> [UInt8] {
        var lines: [UInt8] = []
        lines.append("Client-Cert: ")
        appendSequence(identity.certificate.der, to: &lines)
        lines.append("\r\n")
        guard !identity.intermediates.isEmpty else { return lines }
        lines.append("Client-Cert-Chain: ")
        for (index, certificate) in identity.intermediates.enumerated() {
            if index > 0 { lines.append(", ") }
            appendSequence(certificate, to: &lines)
        }
        lines.append("\r\n")
        return lines
    }

    /// A byte sequence of structured fields (RFC 8941 §3.3.5).
    private static func appendSequence(_ der: [UInt8], to line: inout [UInt8]) {
        line.append(ASCII.colon)
        Base64.append(der, to: &line)
        line.append(ASCII.colon)
    }

    /// X-Forwarded-Client-Cert as Envoy writes it: `By`, `Hash`, `Subject`, `URI`, `DNS`.
    /// - Parameter by: the URI in the gateway's own certificate, if it has one.
    package static func xfcc(_ identity: Identity, by gateway: String? = nil) -> [UInt8] {
        let certificate = identity.certificate
        var line: [UInt8] = []
        line.append("X-Forwarded-Client-Cert: ")
        if let gateway {
            line.append("By=")
            appendValue(gateway, to: &line)
            line.append(ASCII.semicolon)
        }
        line.append("Hash=")
        for byte in certificate.fingerprint {
            line.append(ASCII.lowercase(ASCII.hexDigit(byte >> 4)))
            line.append(ASCII.lowercase(ASCII.hexDigit(byte & 15)))
        }
        line.append(";Subject=")
        appendQuoted(certificate.subject, to: &line)
        appendAll(certificate.uris, key: ";URI=", to: &line)
        appendAll(certificate.dnsNames, key: ";DNS=", to: &line)
        line.append("\r\n")
        return line
    }

    private static func appendAll(_ values: [String], key: StaticString, to line: inout [UInt8]) {
        for value in values {
            line.append(key)
            appendValue(value, to: &line)
        }
    }

    /// Quoted unless it is made of characters that mean nothing in the field.
    private static func appendValue(_ value: String, to line: inout [UInt8]) {
        let isPlain = value.utf8.allSatisfy { byte in
            ByteSet.segment.contains(byte) && byte != ASCII.comma && byte != ASCII.semicolon
                && byte != UInt8(ascii: "=") || byte == ASCII.slash
        }
        if isPlain && !value.isEmpty { line.append(utf8: value) } else { appendQuoted(value, to: &line) }
    }

    /// Quotes and backslashes are escaped. Control characters, which no field may hold and a certificate can, become
    /// percent escapes: a name must not be able to end the line or the element it stands in.
    private static func appendQuoted(_ value: String, to line: inout [UInt8]) {
        line.append(ASCII.quote)
        for byte in value.utf8 {
            if byte < 0x20 || byte == 0x7F {
                line.append(ASCII.percent)
                line.append(ASCII.hexDigit(byte >> 4))
                line.append(ASCII.hexDigit(byte & 15))
            } else {
                if byte == ASCII.quote || byte == ASCII.backslash { line.append(ASCII.backslash) }
                line.append(byte)
            }
        }
        line.append(ASCII.quote)
    }
}
