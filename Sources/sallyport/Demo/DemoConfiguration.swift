/// The configuration that `sallyport demo` writes, and the rule for writing it again.
struct DemoConfiguration {
    var port: UInt16
    var adminPort: UInt16
    var upstreamPort: UInt16

    var text: String {
        """
        # Written by `sallyport demo`, which never touches it again once you have edited it.
        # It is read again whenever it changes: edit, save, and watch the terminal.
        # What a key means: sallyport explain routes.allow
        version: 1
        listeners:
          main:
            address: "127.0.0.1:\(port)"      # this machine only; ":\(port)" is everywhere
            # TLS 1.3 and 1.2; a client certificate is required unless the file says otherwise.
            # No certificate files named: Sallyport's own authority issues one, and it renews itself.
            tls: { names: [localhost, 127.0.0.1, "::1"] }
        routes:
          - name: hello
            match: { path: / }
            allow: [alice]                  # bob has a certificate too, but no route lists him
            forward: { clientCertificate: [xfcc] }
            to: http://127.0.0.1:\(upstreamPort)       # the demo upstream; put your own service here
        admin:
          address: 127.0.0.1:\(adminPort)
          admins: [alice]
        observability:
          accessLog: { to: stdout, format: text }

        """
    }

    enum Writing: Equatable {
        case write
        /// The operator's edits are kept.
        case keep
    }

    /// Whether the file may be written: when there is none, or when it is as an earlier demo left it.
    ///
    /// - Parameters:
    ///   - current: The file as it is; nil when there is none.
    ///   - written: What the demo wrote last; nil when it never did.
    static func decide(current: [UInt8]?, written: [UInt8]?) -> Writing {
        guard let current else { return .write }
        return current == written ? .write : .keep
    }
}
