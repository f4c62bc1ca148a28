extension Reason {
    // MARK: 292x what kind of client it is

    package static let clientFingerprintDenied = Reason(
        2920, "This kind of client is refused", origin: .client,
        explanation: """
            The shape of the ClientHello (its JA4 or JA3 fingerprint) is in the `deny` list of the listener's TLS \
            profile.
            """,
        fix: "Take the fingerprint out of `deny` in the TLS profile if this client is wanted; the log line names it.")

    static let fingerprintReasons: [Reason] = [clientFingerprintDenied]
}
