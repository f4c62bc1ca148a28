/// Why JSON, a key or a signature of JOSE is refused. The words are for the one who sent it; they hold nothing of what
/// was sent.
package struct JOSEFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// Not the form that the RFC demands.
        case malformed
        /// An algorithm that is not accepted here (RFC 8555 section 6.2, `badSignatureAlgorithm`).
        case algorithm
        /// A key that is damaged, too weak or of another kind (`badPublicKey`).
        case key
    }

    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
