import SallyportConfig
import SallyportPKI

/// What is known of a listener's certificate without the gateway.
enum OwnCertificate {
    /// Empty where the built-in authority will issue it, or the file cannot be read.
    static func strengths(of certificate: ServerCertificate) -> [CertificateStrength] {
        leaf(of: certificate).flatMap { CertificateStrength(der: $0.der) }.map { [$0] } ?? []
    }

    /// A name that the listener answers to; nil when it bears addresses only.
    static func serverName(of certificate: ServerCertificate) -> String? {
        let names: [String]
        switch certificate {
        case .builtin(let given): names = given
        case .acme(let settings): names = settings.names
        case .files:
            guard let leaf = leaf(of: certificate) else { return nil }
            do throws(ChainRefusal) { names = try CertificateReader.facts(der: leaf.der).dnsNames } catch { return nil }
        }
        let name = names.first { PeerAddress.isName($0) && !$0.hasPrefix("*") } ?? names.first(where: PeerAddress.isName)
        return name.map { $0.hasPrefix("*.") ? "www" + $0.dropFirst() : $0 }
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
