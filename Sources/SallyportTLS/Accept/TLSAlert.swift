import NIOCore
import SallyportModel

/// A fatal alert before any handshake, as a plaintext record (RFC 8446 sections 5.1 and 6).
enum TLSAlert: UInt8 {
    case unexpectedMessage = 10
    case recordOverflow = 22
    case handshakeFailure = 40
    case illegalParameter = 47
    case decodeError = 50
    case protocolVersion = 70
    case unrecognizedName = 112
    case noApplicationProtocol = 120

    /// The alert that tells a TLS client of this refusal; nil where the peer does not speak TLS.
    init?(for reason: Reason) {
        switch reason {
        case .acmeCertificatePending: self = .handshakeFailure
        case .noCommonProtocol, .acmeChallengeUnknown: self = .noApplicationProtocol
        case .serverNameUnknown: self = .unrecognizedName
        case .clientFingerprintDenied: self = .handshakeFailure
        case .sslVersion2, .versionTooOld: self = .protocolVersion
        case .helloMalformed: self = .decodeError
        case .unexpectedFirstMessage, .helloInterrupted: self = .unexpectedMessage
        case .recordTooLarge: self = .recordOverflow
        case .helloTooLarge, .helloTooFragmented, .helloDuplicateExtension, .helloTwoServerNames,
            .helloServerNameInvalid:
            self = .illegalParameter
        default: return nil
        }
    }

    /// Type alert, TLS 1.2 on the wire, two bytes: fatal, description.
    var record: [UInt8] { [21, 3, 3, 0, 2, 2, rawValue] }

    /// The number of an alert that is the whole of what is sent, in the clear; nil for anything else.
    static func number(in reply: ByteBuffer?) -> UInt8? {
        guard let bytes = reply?.readableBytesView, bytes.count == 7, bytes.first == 21 else { return nil }
        return bytes.last
    }
}
