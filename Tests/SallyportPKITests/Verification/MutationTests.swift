import SallyportModel
import Testing

@testable import SallyportPKI

/// A chain that is changed in any place is refused, whatever the change.
@Suite struct MutationTests {
    @Test func noFlippedBitIsAccepted() throws {
        let good = try GoodChain()
        let verifier = try good.verifier()
        for (position, der) in good.presented.enumerated() {
            for offset in der.indices {
                for bit in [UInt8(1) << (offset % 8)] {
                    var chain = good.presented
                    chain[position][offset] ^= bit
                    let result = verifier.verify(chain: chain, at: CertificateFactory.now)
                    #expect(result.chain == nil, "certificate \(position), offset \(offset), bit \(bit)")
                }
            }
        }
    }

    @Test func noTruncatedOrExtendedCertificateIsAccepted() throws {
        let good = try GoodChain()
        let verifier = try good.verifier()
        for length in good.leaf.der.indices {
            let chain = [Array(good.leaf.der.prefix(length)), good.intermediate.der]
            #expect(verifier.verify(chain: chain, at: CertificateFactory.now).chain == nil)
        }
        let chain = [good.leaf.der + [0], good.intermediate.der]
        #expect(verifier.verify(chain: chain, at: CertificateFactory.now).chain == nil)
    }

    /// Splices, deletions and random bytes, from a fixed seed so that a failure can be repeated.
    @Test func randomDamageIsNeverAccepted() throws {
        let good = try GoodChain()
        let verifier = try good.verifier()
        var random = SplitMix(state: 42)
        for round in 0..<3000 {
            var leaf = good.leaf.der
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: leaf.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: leaf[at] = UInt8.random(in: .min ... .max, using: &random)
                case 1: leaf.remove(at: at)
                default: leaf.insert(UInt8.random(in: .min ... .max, using: &random), at: at)
                }
            }
            guard leaf != good.leaf.der else { continue }
            let result = verifier.verify(chain: [leaf, good.intermediate.der], at: CertificateFactory.now)
            #expect(result.chain == nil, "round \(round)")
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
