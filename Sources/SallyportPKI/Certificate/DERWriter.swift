/// Builds DER from the inside out.
enum DERWriter {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(DERTag.sequence, parts.flatMap(\.self)) }
    static func octetString(_ bytes: [UInt8]) -> [UInt8] { element(DERTag.octetString, bytes) }
    static let null: [UInt8] = [0x05, 0x00]

    /// The members in the order that DER demands of a SET OF (X.690 section 11.6).
    static func set(_ members: [[UInt8]]) -> [UInt8] {
        element(DERTag.set, members.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self))
    }

    static func integer(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        repeat {
            bytes.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        } while rest > 0
        return element(DERTag.integer, bytes[0] & 0x80 == 0 ? bytes : [0] + bytes)
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [UInt8(count)] }
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            bytes.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}
