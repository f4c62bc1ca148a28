import Crypto

/// The other form of a signature.
enum P256Signature {
    static func der(_ raw: [UInt8]) throws -> [UInt8] {
        Array(try P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation)
    }
}
