extension Reason {
    package static let internalError = Reason(
        9001, "Internal error", status: 500, origin: .gateway,
        explanation: "The gateway reached a state it holds to be impossible and refused rather than guess.",
        fix: "Report it with the log line that carries this request id.")

    static let internalReasons = [internalError]
}
