/// 2700–2709: a document could not be fetched from a server of the certificate world: a revocation list, a responder,
/// a certificate authority.
extension Reason {
    package static let fetchURLRefused = Reason(
        2700, "The URL cannot be fetched", origin: .configuration,
        explanation: """
            Only absolute http and https URLs are fetched, with a host name or an IP address, without user name and \
            password, and without characters that a URL cannot hold.
            """,
        fix: "Write the URL as http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH.")
    package static let fetchUnreachable = Reason(
        2701, "The server could not be reached", origin: .upstream,
        explanation: """
            The name could not be resolved, nobody listens there, or the server closed the connection before it had \
            answered in full.
            """,
        fix: "Try it from this machine: curl -v URL. Look at name resolution, routes and firewalls.")
    package static let fetchTimedOut = Reason(
        2702, "The server took too long", origin: .upstream,
        explanation: "The connection or the whole answer did not come about within its time limit.",
        fix: "Try it from this machine: curl -v URL. Look for a slow server or a network that drops packets.")
    package static let fetchTLSFailed = Reason(
        2703, "TLS with the server failed", origin: .upstream,
        explanation: """
            The server's certificate does not lead to a trusted authority, bears another name or is out of date, or \
            the server speaks no TLS that is allowed here.
            """,
        fix: "Look at it with: openssl s_client -connect HOST:PORT. If its authority is your own, name it in `trust`.")
    package static let fetchMalformed = Reason(
        2704, "The server's answer is not HTTP", origin: .upstream,
        explanation: "The server sent what is no HTTP/1.1 response, or one whose length has more than one meaning.",
        fix: "Look at the bytes: curl -v --raw URL. The port may belong to another service.")
    package static let fetchTooLarge = Reason(
        2705, "The server's answer is too large", origin: .upstream,
        explanation: "The head or the content of the answer exceeds what is accepted for this kind of document.",
        fix: "Look what the URL holds: curl -sS URL | wc -c. It may be the wrong one.")
    package static let fetchRedirectRefused = Reason(
        2706, "The server's redirect was not followed", origin: .upstream,
        explanation: """
            A redirect is followed at most five times, only for reading, only to http and https, never from https to \
            http, and never from a public address to one of this machine or of the network around it.
            """,
        fix: "Write the URL that the redirect leads to, if that is the right place.")
    package static let fetchCancelled = Reason(
        2707, "The fetch was given up", origin: .gateway,
        explanation: "The gateway stops, or the configuration that wanted the document is no longer in force.",
        fix: "Nothing: what is still wanted is fetched again.")
    package static let fetchStatusRefused = Reason(
        2708, "The server answered with an error", origin: .upstream,
        explanation: "The status of the answer is not one that goes with the document that was asked for.",
        fix: "Try it from this machine: curl -v URL. Look into the log of that server.")

    static let fetchReasons = [
        fetchURLRefused, fetchUnreachable, fetchTimedOut, fetchTLSFailed, fetchMalformed, fetchTooLarge,
        fetchRedirectRefused, fetchCancelled, fetchStatusRefused,
    ]
}
