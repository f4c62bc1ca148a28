/// What kind of client it is, by the shape of its ClientHello.
///
/// Software is recognised by it, not a person, and whoever wants to can imitate it: it says what to look at and may
/// refuse, and never lets anybody in.
package struct ClientFingerprint: Sendable, Hashable {
    /// JA4 TLS client fingerprint, 36 characters.
    package let ja4: String
    /// JA3: 32 lower-case hex digits.
    package let ja3: String

    /// Costs a few microseconds; keep it rather than make it twice.
    package init(_ hello: ClientHello) {
        ja4 = hello.ja4
        ja3 = hello.ja3
    }
}
