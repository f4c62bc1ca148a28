import Crypto
import FoundationEssentials

/// When a certificate from an ACME server is renewed.
package enum RenewalPlan {
    /// Seconds since 1970; in the past when it is overdue.
    ///
    /// Two thirds of the life, and up to a thirtieth later, so that what was issued together is not renewed together.
    /// A server that has renewal information decides itself within its window (RFC 9773 §4.2), but never later than
    /// nine tenths of the life. The place within is drawn from the certificate: it stays the same however often it is
    /// asked for.
    package static func due(_ certificate: ParsedCertificate, _ info: RenewalInfo?) -> Int64 {
        let life = max(0, certificate.notAfter - certificate.notBefore)
        let share = share(of: certificate.der)
        guard let info else { return certificate.notBefore + life * 2 / 3 + Int64(share * Double(life / 30)) }
        let chosen = info.start + Int64(share * Double(info.end - info.start))
        return min(chosen, certificate.notBefore + life / 10 * 9)
    }

    /// 0 up to 1, the same for the same bytes.
    private static func share(of bytes: [UInt8]) -> Double {
        let number = SHA256.hash(data: Data(bytes)).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Double(number) / Double(UInt32.max)
    }
}
