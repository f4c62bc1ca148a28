import SallyportModel

/// Collects a server's answer to a `ProbeHello` from the bytes of a connection as they come.
///
/// Strict, and bounded in bytes, records and messages: the server that is looked at may be anybody's.
///
///     reading ──record──▶ reading … ──ServerHello of TLS 1.3, or ServerHelloDone──▶ ended(flight)
///        │ alert ──▶ ended(alert)
///        └ anything else ──▶ ended(unreadable)
package struct ServerFlightReader: ~Copyable {
    /// Certificate chains of hundreds of kilobytes are an attack on the reader.
    package static let maximumBytes = 256 << 10
    package static let maximumRecords = 256
    static let maximumMessage = 128 << 10
    static let maximumRecord = 1 << 14

    private var pending: [UInt8] = []
    private var handshake: [UInt8] = []
    private var records = 0
    private var total = 0
    private var messages = ServerMessages()
    private var outcome: ProbeOutcome?

    package init() {}

    /// Takes the next bytes. Nil while more are needed; after that the same outcome for ever.
    package mutating func read(_ bytes: Span<UInt8>) -> ProbeOutcome? {
        guard outcome == nil else { return outcome }
        total += bytes.count
        guard total <= Self.maximumBytes else { return end(.unreadable("the answer is longer than 256 KiB")) }
        for index in bytes.indices { pending.append(bytes[index]) }
        while outcome == nil, let record = nextRecord() { take(record) }
        return outcome
    }

    private mutating func end(_ result: ProbeOutcome) -> ProbeOutcome {
        outcome = result
        pending = []
        handshake = []
        return result
    }

    private mutating func nextRecord() -> (type: UInt8, content: [UInt8])? {
        guard let type = pending.first else { return nil }
        guard (20...23).contains(type), pending.count < 2 || pending[1] == 3 else {
            _ = end(.unreadable("the answer is no TLS record"))
            return nil
        }
        guard pending.count >= 5 else { return nil }
        let length = Int(pending[3]) << 8 | Int(pending[4])
        guard length <= Self.maximumRecord, length > 0 else {
            _ = end(.unreadable("a record is empty or larger than 16 KiB"))
            return nil
        }
        guard pending.count >= 5 + length else { return nil }
        defer { pending.removeFirst(5 + length) }
        return (type, Array(pending[5..<5 + length]))
    }

    private mutating func take(_ record: (type: UInt8, content: [UInt8])) {
        records += 1
        guard records <= Self.maximumRecords else {
            _ = end(.unreadable("the answer has more than 256 records"))
            return
        }
        switch record.type {
        case 21: takeAlert(record.content)
        case 22:
            handshake += record.content
            while outcome == nil, let message = nextMessage() { take(message: message) }
        default: _ = end(.unreadable("a record of another type comes before the answer is complete"))
        }
    }

    /// Warnings are passed over; some servers warn of an unknown name and go on (RFC 6066 section 3).
    private mutating func takeAlert(_ content: [UInt8]) {
        guard content.count == 2, handshake.isEmpty else {
            _ = end(.unreadable("an alert has not two bytes, or stands inside a message"))
            return
        }
        let isWarning = content[0] == 1 && content[1] != 0
        if !isWarning { _ = end(.alert(content[1])) }
    }

    private mutating func nextMessage() -> [UInt8]? {
        guard handshake.count >= 4 else { return nil }
        let length = 4 + (Int(handshake[1]) << 16 | Int(handshake[2]) << 8 | Int(handshake[3]))
        guard length <= Self.maximumMessage else {
            _ = end(.unreadable("a message is larger than 128 KiB"))
            return nil
        }
        guard handshake.count >= length else { return nil }
        defer { handshake.removeFirst(length) }
        return Array(handshake[..<length])
    }

    private mutating func take(message: [UInt8]) {
        do throws(HelloFault) {
            if try messages.take(message) { _ = end(.flight(messages.flight)) }
        } catch {
            _ = end(.unreadable(error.detail.description))
        }
    }
}
