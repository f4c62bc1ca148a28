/// Frames content, and holds the writer to what the head promised.
package struct BodyWriter: Sendable {
    package init(_ framing: BodyFraming) {}

    /// Writes what stands in front of `count` bytes of content. False: more than promised, and nothing was written.
    package mutating func prefix(forChunkOf count: Int, into out: inout [UInt8]) -> Bool { true }

    /// Writes what stands behind the content of the last `prefix`.
    package func suffix(into out: inout [UInt8]) {}

    /// Writes what ends the content. False: fewer bytes than promised, so the connection has to be cut.
    package mutating func finish(into out: inout [UInt8]) -> Bool { true }
}
