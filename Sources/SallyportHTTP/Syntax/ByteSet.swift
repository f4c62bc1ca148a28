/// A set of ASCII bytes as two words, so that a look-up is a shift. The words are literals for the sake of static
/// initialisation; a test builds each set from its grammar and compares.
struct ByteSet: Sendable {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte & 64 == 0 ? low : high
        return byte < 128 && (word &>> UInt64(byte)) & 1 == 1
    }
}

extension ByteSet {
    /// tchar of RFC 9110 §5.6.2.
    static let token = ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    /// unreserved of RFC 3986 §2.3.
    static let unreserved = ByteSet(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// What stands unescaped in a path segment: pchar of RFC 3986 §3.3 without "%", and "[", "]", "|", which browsers
    /// do not escape (WHATWG URL, path percent-encode set).
    static let segment = ByteSet(low: 0x2FFF_7FD2_0000_0000, high: 0x57FF_FFFE_AFFF_FFFF)
    /// Letters, digits, "-", "_" and ".": the host names that exist, of all that RFC 3986 §3.2.2 would allow.
    static let hostName = ByteSet(low: 0x03FF_6000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE)
}
