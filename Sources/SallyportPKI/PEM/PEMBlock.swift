/// One `-----BEGIN LABEL-----` block (RFC 7468).
package struct PEMBlock: Sendable, Hashable {
    package static let certificate = "CERTIFICATE"

    package let label: String
    package let der: [UInt8]
    /// Line of BEGIN in the file, from 1.
    package let line: Int

    /// Blocks of 64-character lines, each ended by a newline.
    package static func encode(_ der: [[UInt8]], label: String) -> String { "" }
}
