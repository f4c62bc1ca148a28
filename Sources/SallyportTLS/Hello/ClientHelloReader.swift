import SallyportModel

/// Collects the ClientHello from the bytes of a connection as they come, across segments and TLS records.
///
/// Memory and time are linear in the bytes read and bounded: at most 64 records, at most 16 KiB of message.
/// The states and what ends them:
///
///     header ──5 bytes──▶ body ──record complete──▶ header …
///       │ not 0x16           └──message complete──▶ ended(hello | refused)
///       ▼
///     opening ──recognised──▶ ended(plainHTTP | refused)
package struct ClientHelloReader: ~Copyable {
    package enum Outcome: Sendable, Equatable {
        case needMore
        case hello(ClientHello)
        /// The client speaks HTTP without TLS.
        case plainHTTP
        case refused(HelloFault)
    }

    /// The handshake message with its 4-byte header.
    package static let maximumMessage = 16 << 10
    package static let maximumRecords = 64
    private static let maximumRecord = 1 << 14

    private enum State {
        case header
        /// Bytes of the record still to come.
        case body(Int)
        case opening
        case ended(Outcome)
    }

    private var state = State.header
    /// The record header, or the opening bytes of something else.
    private var head: [UInt8] = []
    private var message: [UInt8] = []
    private var records = 0

    package init() {}

    /// Takes the next bytes of the connection. After an outcome other than `needMore` it returns that one for ever.
    package mutating func read(_ bytes: Span<UInt8>) -> Outcome {
        var offset = 0
        while offset < bytes.count {
            switch state {
            case .header: readHeader(bytes[offset])
            case .opening: readOpening(bytes[offset])
            case .body(let missing):
                let end = min(bytes.count, offset + missing)
                readBody(bytes.extracting(offset..<end), missing: missing)
                offset = end
                continue
            case .ended(let outcome): return outcome
            }
            offset += 1
        }
        if case .ended(let outcome) = state { return outcome }
        return .needMore
    }

    private mutating func readOpening(_ byte: UInt8) {
        head.append(byte)
        switch OpeningBytes.classify(head) {
        case .needMore: state = .opening
        case .plainHTTP: state = .ended(.plainHTTP)
        case .refused(let fault): state = .ended(.refused(fault))
        }
    }

    private mutating func readHeader(_ byte: UInt8) {
        if head.isEmpty, byte != RecordType.handshake {
            return records == 0 ? readOpening(byte) : readOtherRecord(byte)
        }
        head.append(byte)
        if head.count == 5 { beginRecord() }
    }

    private mutating func readOtherRecord(_ type: UInt8) {
        if type == RecordType.alert { return refuse(.alertFirst, "an alert comes before the ClientHello is complete") }
        refuse(.helloInterrupted, "a record that is no handshake record comes before the end of the ClientHello")
    }

    /// RFC 8446 section 5.1: no empty handshake records, at most 2^14 bytes.
    private mutating func beginRecord() {
        let length = Int(head[3]) << 8 | Int(head[4])
        guard head[1] == 3 else { return refuse(.notTLS, "the record version is none of TLS") }
        guard length > 0 else { return refuse(.helloTooFragmented, "a handshake record is empty") }
        guard length <= Self.maximumRecord else { return refuse(.recordTooLarge, "a record is larger than 16 KiB") }
        records += 1
        guard records <= Self.maximumRecords else {
            return refuse(.helloTooFragmented, "the ClientHello is cut into more than 64 records")
        }
        head.removeAll(keepingCapacity: true)
        state = .body(length)
    }

    private mutating func readBody(_ bytes: Span<UInt8>, missing: Int) {
        for index in bytes.indices { message.append(bytes[index]) }
        let left = missing - bytes.count
        state = left == 0 ? .header : .body(left)
        guard message[0] == HandshakeType.clientHello else {
            return refuse(.unexpectedFirstMessage, "the first handshake message is not a ClientHello")
        }
        guard message.count >= 4 else { return }
        let expected = 4 + (Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3]))
        guard expected <= Self.maximumMessage else {
            return refuse(.helloTooLarge, "the ClientHello is larger than 16 KiB")
        }
        guard message.count < expected || message.count + left == expected else {
            return refuse(.helloMalformed, "another message shares a record with the ClientHello")
        }
        if message.count == expected { end() }
    }

    private mutating func end() {
        do {
            state = .ended(.hello(try ClientHello(message: message)))
        } catch {
            state = .ended(.refused(error))
        }
        message = []
    }

    private mutating func refuse(_ reason: Reason, _ detail: StaticString) {
        state = .ended(.refused(HelloFault(reason, detail)))
        message = []
    }

    private enum RecordType {
        static let alert: UInt8 = 0x15
        static let handshake: UInt8 = 0x16
    }

    private enum HandshakeType {
        static let clientHello: UInt8 = 1
    }
}
