import SallyportModel
import SwiftASN1
import X509

/// A certificate that could be read in full, with what path building compares again and again.
package struct ParsedCertificate: Sendable {
    package let der: [UInt8]
    let certificate: Certificate

    init(der: [UInt8]) throws(ChainRefusal) {
        self.der = der
        do {
            certificate = try Certificate(derEncoded: der)
        } catch {
            throw ChainRefusal(.certificateMalformed, "\(error)")
        }
    }
}
