/// Finds an alert sent in the clear among the records of a handshake.
///
/// OpenSSL as a TLS 1.3 client rejects a server certificate before it has its own keys in place, so its alert comes as
/// plaintext where the library expects ciphertext: all it can report is a record that does not decrypt. The outer type
/// of encrypted records is application_data (RFC 8446 section 5.2), so an alert record of two bytes is a plain one.
struct PlaintextAlertReader {
    /// The `AlertDescription` of the last plain alert.
    private(set) var description: UInt8?
    private var header: [UInt8] = []
    private var alert: [UInt8] = []
    /// Bytes of the current record still to come.
    private var left = 0
    private var isAlert = false

    mutating func read(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            if left > 0 {
                let step = min(left, bytes.count - index)
                take(bytes.extracting(index..<(index + step)))
                index += step
            } else {
                header.append(bytes[index])
                index += 1
                if header.count == 5 { beginRecord() }
            }
        }
    }

    private mutating func beginRecord() {
        left = Int(header[3]) << 8 | Int(header[4])
        isAlert = header[0] == 21 && left == 2
        alert.removeAll(keepingCapacity: true)
        header.removeAll(keepingCapacity: true)
    }

    private mutating func take(_ bytes: Span<UInt8>) {
        left -= bytes.count
        guard isAlert else { return }
        for index in bytes.indices { alert.append(bytes[index]) }
        if alert.count == 2 { description = alert[1] }
    }
}
