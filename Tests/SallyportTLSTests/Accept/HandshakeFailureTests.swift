import Foundation
import SallyportModel
import Testing

@testable import SallyportTLS

@Suite struct HandshakeFailureTests {
    /// The names are those of the library that is linked; where its header is at hand, each of them has to be in it.
    @Test func theNamesAreThoseOfTheLibrary() throws {
        guard let header = try Self.header() else { return print("skipped: BoringSSL's header is not at hand") }
        let elsewhere: Set = ["BAD_DECRYPT"]  // of the cipher library, not of SSL
        for name in Set(HandshakeFailure.reasons.keys).union(UpstreamTLSFailure.reasons.keys).subtracting(elsewhere) {
            #expect(header.contains("#define SSL_R_\(name) "), "\(name)")
        }
    }

    private static func header() throws -> String? {
        let path = ".build/checkouts/swift-nio-ssl/Sources/CNIOBoringSSL/include/CNIOBoringSSL_ssl.h"
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let file = folder.appendingPathComponent(path)
            if FileManager.default.fileExists(atPath: file.path) {
                return try String(contentsOf: file, encoding: .utf8)
            }
        }
        return nil
    }

    @Test(arguments: [
        ("CN=alice,O=Example", Reason.certificateExpired, "sallyport cert renew alice"),
        ("CN=alice", .certificateIssuerUnknown, "sallyport cert client alice"),
        ("CN=alice", .noClientCertificate, Reason.noClientCertificate.fix.description),
        ("CN=$(reboot)", .certificateExpired, Reason.certificateExpired.fix.description),
        ("CN=a; reboot", .certificateExpired, Reason.certificateExpired.fix.description),
        ("CN=-x", .certificateExpired, Reason.certificateExpired.fix.description),
        ("CN=a\\,b", .certificateExpired, Reason.certificateExpired.fix.description),
        ("O=Example", .certificateExpired, Reason.certificateExpired.fix.description),
        ("", .certificateExpired, Reason.certificateExpired.fix.description),
    ])
    func theCommandNamesOnlyWhatNeedsNoQuoting(subject: String, reason: Reason, fix: String) {
        #expect(HandshakeRefusal.fix(for: reason, subject: subject) == fix)
    }

    @Test func namesOfStrangersDoNotFloodTheLog() {
        let name = "CN=" + String(repeating: "a\u{301}\u{302}", count: 20_000)
        let refusal = HandshakeRefusal(
            reason: .certificateExpired, detail: name, peer: "", listener: "", subject: name, issuer: name, serial: name,
            fix: "")
        #expect(refusal.line.utf8.count < 2500)
        #expect(refusal.logMetadata.allSatisfy { $0.value.utf8.count <= 512 })
    }

    @Test func everyReasonOfATableIsInTheCatalogue() {
        let all = Set(Reason.all)
        for reason in HandshakeFailure.reasons.values { #expect(all.contains(reason), "\(reason.name)") }
        for reason in UpstreamTLSFailure.reasons.values { #expect(all.contains(reason), "\(reason.name)") }
        for alert in UInt8.min...UInt8.max { #expect(all.contains(HandshakeFailure.reason(alert: alert))) }
    }

    @Test func aPlainAlertIsFoundInAnyPieces() {
        let bytes: [UInt8] = [20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, 48]
        for cut in 0...bytes.count {
            var reader = PlaintextAlertReader()
            reader.read(Array(bytes[..<cut]).span)
            reader.read(Array(bytes[cut...]).span)
            #expect(reader.description == 48)
        }
        var encrypted = PlaintextAlertReader()
        encrypted.read([23, 3, 3, 0, 7, 21, 3, 3, 0, 2, 2, 48, 21, 3, 3, 0, 19].span)
        #expect(encrypted.description == nil)
    }
}
