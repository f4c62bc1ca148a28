import SallyportAudit
import SallyportPKI

/// Public keys of audit trails as PEM files (RFC 8410).
enum AuditKeyText {
    static func pem(_ key: AuditKey.Public) -> String {
        PEMBlock.encode([key.subjectPublicKeyInfo], label: "PUBLIC KEY").withoutLineEnd
    }

    static func read(_ path: String) throws(CommandFailure) -> AuditKey.Public {
        do throws(PKIError) {
            let text = try FileContents.read(path, limit: 4096)
            let block = try PEMBlock.parse(text, source: path).first
            guard let block, block.label == "PUBLIC KEY", let key = AuditKey.Public(subjectPublicKeyInfo: block.der) else {
                throw PKIError(.auditKeyUnusable, path, "it is no Ed25519 public key in PEM")
            }
            return key
        } catch {
            throw CommandFailure(error)
        }
    }
}
