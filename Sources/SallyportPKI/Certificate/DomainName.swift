/// Syntax of DNS names as certificates carry them (RFC 5280 section 4.2.1.6, RFC 1034 section 3.5).
enum DomainName {
    /// The name in lower case; nil when it is not a DNS name.
    ///
    /// Labels of 1 to 63 letters, digits, `-` and `_`, no dash at an edge, 253 characters in all, no trailing dot.
    /// A last label of digits only is refused, since such a name could be taken for an IP address.
    /// - Parameter allowsWildcard: whether the first label may be `*`.
    static func normalized(_ bytes: some Collection<UInt8>, allowsWildcard: Bool) -> String? {
        guard (1...253).contains(bytes.count) else { return nil }
        var labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...]
        if allowsWildcard, labels.count > 1, labels.first?.elementsEqual([UInt8(ascii: "*")]) == true {
            labels = labels.dropFirst()
        }
        guard labels.allSatisfy({ isLabel($0) }), let last = labels.last, !last.allSatisfy(\.isASCIIDigit)
        else { return nil }
        return String(decoding: bytes.map(\.asciiLowercased), as: UTF8.self)
    }

    private static func isLabel(_ label: some Collection<UInt8>) -> Bool {
        let dash = UInt8(ascii: "-")
        guard (1...63).contains(label.count), let first = label.first, first != dash else { return false }
        var last = first
        for byte in label {
            guard byte.isASCIILetterOrDigit || byte == dash || byte == UInt8(ascii: "_") else { return false }
            last = byte
        }
        return last != dash
    }
}
