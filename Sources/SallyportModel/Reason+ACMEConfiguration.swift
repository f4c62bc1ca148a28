/// 1530–1539: what the configuration says about certificates from an ACME server.
extension Reason {
    package static let acmeNowhereToAnswer = Reason(
        1530, "No listener can answer the ACME challenge", origin: .configuration,
        explanation: """
            With http-01 the ACME server looks for a resource by plain HTTP, and no listener speaks plain HTTP. A \
            listener with `redirectToHTTPS` answers it.
            """,
        fix: "Add a listener: plain: { address: \":80\", redirectToHTTPS: true }, or set `challenge: tls-alpn-01`.")
    package static let acmeNameNotProvable = Reason(
        1531, "The name cannot be had by ACME here", origin: .configuration,
        explanation: """
            By http-01 and tls-alpn-01 single host names are proved. A wildcard needs dns-01, which is not spoken here, \
            and an address needs RFC 8738.
            """,
        fix: "Write each host name, or name a certificate from a file with `certificate` and `key`.")
    package static let acmeDirectoryPlain = Reason(
        1532, "The ACME directory is not reached by https", origin: .configuration,
        explanation: """
            By plain HTTP anybody on the way could play the ACME server. It is allowed to an address of this machine \
            only.
            """,
        fix: "Write https:// and, for an authority of your own, name it in `trust`.")

    static let acmeConfigurationReasons = [acmeNowhereToAnswer, acmeNameNotProvable, acmeDirectoryPlain]
}
