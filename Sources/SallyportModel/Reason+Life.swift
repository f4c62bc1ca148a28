extension Reason {
    package static let socketNotWanted = Reason(
        9012, "A socket that was passed to the gateway fits no listener", origin: .gateway,
        explanation:
            "The service manager or another process passed a listening socket, and the configuration has no listener of its name or at its address, or the two disagree. The gateway refuses to guess what the socket is for.",
        fix:
            "Name the socket after the listener with FileDescriptorName= in the socket unit, and have ListenStream= say the same as the listener's `address`."
    )
    package static let socketUnusable = Reason(
        9013, "A socket that was passed to the gateway cannot be used", origin: .gateway,
        explanation:
            "LISTEN_FDS, LISTEN_PID or LISTEN_FDNAMES is not well-formed, or a descriptor that they announce is not a listening TCP socket.",
        fix: "In the socket unit use ListenStream= with an address and a port, and Accept=no.")
    package static let handOverFailed = Reason(
        9014, "Listening sockets were not handed over", origin: .gateway,
        explanation:
            "A new process was to take the place of the running one and did not get ready: it ended, was too slow, or said something that the running one does not understand. The running gateway goes on as before.",
        fix:
            "See what the new process said on standard error. Try the binary first with: sallyport check. Then try again: sallyport upgrade."
    )

    static let lifeReasons = [socketNotWanted, socketUnusable, handOverFailed]
}
