import SallyportConfig
import SallyportPKI

/// What is known of a listener's certificate without the gateway.
enum OwnCertificate {
    /// Empty where the built-in authority will issue it, or the file cannot be read.
    static func strengths(of certificates: [ServerCertificate]) -> [CertificateStrength] {
        certificates.compactMap { leaf(of: $0).flatMap { CertificateStrength(der: $0.der) } }
    }

    /// Names that it bears and a client can ask for, those without a wildcard first; none when it bears addresses only.
    static func serverNames(of certificate: ServerCertificate) -> [String] {
        let names: [String]
        switch certificate {
        case .builtin(let given): names = given
        case .acme(let settings): names = settings.names
        case .files:
            guard let leaf = leaf(of: certificate) else { return [] }
            do throws(ChainRefusal) { names = try CertificateReader.facts(der: leaf.der).dnsNames } catch { return [] }
        }
        let asked = names.filter(PeerAddress.isName)
        return asked.filter { !$0.hasPrefix("*.") }
            + asked.filter { $0.hasPrefix("*.") }.map { OwnPolicy.label + $0.dropFirst() }
    }

    private static func leaf(of certificate: ServerCertificate) -> ParsedCertificate? {
        guard case .files(let path, _) = certificate else { return nil }
        do throws(PKIError) {
            return try PEMFile.certificates(at: path).first
        } catch {
            Terminal.note("\(path) cannot be read: \(error.detail)")
            return nil
        }
    }
}
