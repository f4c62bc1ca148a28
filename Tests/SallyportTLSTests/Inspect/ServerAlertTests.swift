import Foundation
import Testing

@testable import SallyportTLS

@Suite struct ServerAlertTests {
    /// The library's names of the alerts that servers send in practice.
    @Test(
        arguments: [
            ("SSLV3_ALERT_HANDSHAKE_FAILURE", 40), ("SSLV3_ALERT_BAD_CERTIFICATE", 42), ("TLSV1_ALERT_UNKNOWN_CA", 48),
            ("TLSV1_ALERT_PROTOCOL_VERSION", 70), ("TLSV1_ALERT_CERTIFICATE_REQUIRED", 116),
            ("TLSV1_ALERT_NO_APPLICATION_PROTOCOL", 120), ("TLSV1_ALERT_UNRECOGNIZED_NAME", 112),
            ("SSLV3_ALERT_CERTIFICATE_REVOKED", 44),
        ] as [(String, UInt8)])
    func anErrorIsTheAlertThatCausedIt(name: String, number: UInt8) {
        #expect(ServerAlert.number(ofError: name) == number)
    }

    @Test(arguments: ["", "NO_SHARED_CIPHER", "SSLV3_ALERT_", "TLSV1_ALERT_SOMETHING"])
    func nothingElseIsAnAlert(name: String) { #expect(ServerAlert.number(ofError: name) == nil) }

    @Test func everyAlertHasAMeaningAndAFix() {
        for number in UInt8.min...UInt8.max {
            for hasCertificate in [false, true] {
                let failure = ServerAlert.failure(number, hasCertificate: hasCertificate)
                #expect(failure.what.contains("(\(number))"))
                #expect(!failure.why.isEmpty && !failure.fix.isEmpty)
            }
        }
    }

    /// A server of TLS 1.2 has no other alert to say that it wants a certificate.
    @Test func handshakeFailureMayMeanAMissingCertificate() {
        #expect(ServerAlert.failure(40, hasCertificate: false).fix.contains("--as NAME"))
        #expect(!ServerAlert.failure(40, hasCertificate: true).fix.contains("--as NAME"))
    }
}
