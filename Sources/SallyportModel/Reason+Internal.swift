extension Reason {
    package static let internalError = Reason(
        9001, "Internal error", status: 500, origin: .gateway,
        explanation: "The gateway reached a state it holds to be impossible and refused rather than guess.",
        fix: "Report it with the log line that carries this request id.")

    package static let addressNotBound = Reason(
        9010, "An address cannot be listened on", origin: .gateway,
        explanation: "The operating system refused the address of a listener: another process has it, it is not of this machine, or the port is below 1024 and the user may not bind it.",
        fix: "See who has the port with: ss -ltnp, and which addresses are this machine's with: ip address. Then choose another `address`, or stop the other process.")
    package static let accessLogNotOpened = Reason(
        9011, "The access log cannot be opened", origin: .gateway,
        explanation: "The file of `observability.accessLog.to` cannot be opened for writing by the user that runs the gateway.",
        fix: "Give that user the right to write there, or name another file.")

    static let internalReasons = [internalError, addressNotBound, accessLogNotOpened]
}
