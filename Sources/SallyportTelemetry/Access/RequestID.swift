/// Names one request in the reply, in the log and towards the upstream: 128 bits, shown as 32 lower-case hex digits.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static func random() -> RequestID {
        RequestID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 32) { output in
            for index in 0..<32 {
                let half = index < 16 ? high : low
                output[index] = hexDigit(UInt8(truncatingIfNeeded: half >> UInt64(60 - index % 16 * 4)) & 15)
            }
            return 32
        }
    }
}
