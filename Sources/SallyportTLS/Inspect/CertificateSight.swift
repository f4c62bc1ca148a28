import NIOCore
import SallyportPKI

/// A handshake with a server only to see which certificate it shows, over bytes and without a socket.
///
/// Nothing is believed of the server and nothing but the handshake is sent, so its chain is not judged. Every group of
/// the library is offered, the least usual last. What the server sends is bounded. One sight looks once.
package final class CertificateSight {
    package enum Progress: Equatable {
        case wantsMore
        /// The server holds the key of the certificate, and agreed to this application protocol.
        case complete(applicationProtocol: String?)
        case failed
    }

    /// All that is taken from the server.
    private static let maximumBytes = 256 << 10

    private let engine: TLSEngine
    private let shown: Shown
    private var taken = 0

    private final class Shown {
        var leaf: [UInt8]?
    }

    /// - Parameters:
    ///   - serverName: sent as SNI; nil sends none.
    ///   - protocols: offered by ALPN, none when empty.
    ///   - source: what to call the server in errors.
    package init(serverName: String?, protocols: [String], source: String) throws(PKIError) {
        let settings = TLSSettings(minimum: .tls12, groups: TLSSettings.everyGroup, protocols: protocols)
        let context = try TLSContext(settings, side: .client, source: source)
        let shown = Shown()
        self.shown = shown
        let engine = TLSEngine(client: context, serverName: serverName, credential: nil) { chain in
            shown.leaf = chain.first
            return true
        }
        guard let engine else { throw PKIError(.tlsLibraryRefused, source, BoringSSLErrors.text()) }
        self.engine = engine
    }

    /// The server's leaf, DER, from the moment it is shown; nil before. Only `complete` says that the server has its key.
    package var leaf: [UInt8]? { shown.leaf }

    /// The ClientHello.
    package func begin() -> [UInt8] {
        _ = engine.handshake()
        return takeOutbound()
    }

    /// Takes what the server sent.
    ///
    /// - Returns: what to send, and whether to go on.
    package func receive(_ bytes: ByteBuffer) -> (send: [UInt8], progress: Progress) {
        taken += bytes.readableBytes
        guard taken <= Self.maximumBytes else { return ([], .failed) }
        engine.receive(bytes)
        switch engine.handshake() {
        case .incomplete: return (takeOutbound(), .wantsMore)
        case .complete: return (takeOutbound(), .complete(applicationProtocol: engine.facts?.alpn))
        case .failed: return (takeOutbound(), .failed)
        }
    }

    private func takeOutbound() -> [UInt8] {
        engine.takeOutbound().map { Array($0.readableBytesView) } ?? []
    }
}
