import SallyportModel

/// The keys that say where one server certificate comes from. They stand in `tls` of a listener, in each of its
/// `hosts`, and in each element of `certificates`.
enum CertificateKeys {
    static let names = Field(
        "names", .list(of: .certificateName(), count: 1...100),
        "Have the built-in authority issue and renew a certificate for these names.")
    static let certificate = Field(
        "certificate", .certificateFile("the path of a PEM file: the certificate, then its intermediates"),
        "The certificate to show, from a file.")
    static let key = Field("key", .privateKey(), "The certificate's private key, as a reference.")
    static let acme = Field(
        "acme", ACMESection.type, "Have an ACME server issue and renew a certificate (RFC 8555).")

    static let rows = [names.row, certificate.row, key.row, acme.row]
    /// Of which there is one.
    static let alternatives = [names.row.name, certificate.row.name, acme.row.name]
    static let pair = RecordRule.allOrNone([certificate.row.name, key.row.name])

    /// One certificate alone.
    static let type = ValueType.record("a certificate", rows, rules: [.exactlyOne(alternatives), pair]) { record in
        read(record)
    }

    /// Nil when none is given, or it is bad, which has been reported.
    static func read(_ record: RecordReader) -> ServerCertificate? {
        let (certificate, key, names, acme) = (record[certificate], record[key], record[names], record[acme])
        if let certificate, let key { return .files(certificate: certificate.value, key: key.value) }
        if let acme { return .acme(acme.value) }
        return names.map { .builtin(names: $0.value.map(\.value)) }
    }
}

extension ValueType<String> {
    /// A DNS name, `*.` and a DNS name, or an IP address, lower-case.
    static func certificateName() -> ValueType {
        let shape = ScalarShape(
            words: "a host name or an IP address", examples: ["localhost", "\"*.example.org\"", "127.0.0.1"])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
            let isWildcard = name != text && HostText.isName(name) && name.contains(".")
            guard isWildcard || name == text && (HostText.isName(text) || HostText.isAddress(text)) else {
                throw ValueError(
                    message: "\"\(text)\" is neither a host name nor an IP address",
                    label: "such as localhost, *.example.org or 127.0.0.1")
            }
            return text.lowercased()
        }
    }
}
