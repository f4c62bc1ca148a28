import SallyportConfig
import SallyportModel
import SallyportPKI

extension HandshakeRefusal {
    /// The command that would help, with the client's name filled in where it is known; else the reason's own advice.
    ///
    /// The operator copies it into a shell, and the certificate comes from a stranger: only names that need no quoting
    /// are filled in.
    static func fix(for reason: Reason, subject: String?) -> String {
        guard let subject, let name = commonName(in: subject) else { return reason.fix.description }
        switch reason {
        case .certificateExpired, .clientProofFailed, .resumedIdentityNotValid:
            return "sallyport cert renew \(name)"
        case .certificateIssuerUnknown, .certificateSelfSigned, .certificateUsageForbidden:
            return "sallyport cert client \(name)"
        default:
            return reason.fix.description
        }
    }

    /// The value of the first attribute of RFC 4514 text, if it is a CN that can be a certificate's file name.
    private static func commonName(in subject: String) -> String? {
        guard subject.hasPrefix("CN=") else { return nil }
        let value = String(subject.dropFirst(3).prefix { $0 != "," && $0 != "+" })
        do throws(PKIError) { return try CertificateName(value).text } catch { return nil }
    }
}
