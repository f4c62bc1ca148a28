import SallyportPKI

/// When a certificate that the gateway issued to itself is replaced: at two thirds of its life, or up to a tenth of its
/// life earlier, so that what was issued together is not renewed together.
struct RenewalTerm: Sendable, Hashable {
    /// Seconds since 1970.
    let notBefore: Int64
    let due: Int64

    init(_ leaf: ParsedCertificate) {
        self.init(notBefore: leaf.notBefore, notAfter: leaf.notAfter, jitter: Self.jitter(leaf.serial))
    }

    /// - Parameter jitter: 0 to 1.
    init(notBefore: Int64, notAfter: Int64, jitter: Double) {
        self.notBefore = notBefore
        let life = max(0, notAfter - notBefore)
        due = notBefore + life * 2 / 3 - Int64(Double(life) / 10 * jitter)
    }

    /// Also before it begins: then the clock was set back, and nobody with the right time accepts it.
    func isDue(at now: Int64) -> Bool { now >= due || now < notBefore }

    /// The serial number is random; taking the jitter from it gives the same answer each time it is asked for.
    private static func jitter(_ serial: String) -> Double {
        Double(UInt16(serial.suffix(4), radix: 16) ?? 0) / Double(UInt16.max)
    }
}
