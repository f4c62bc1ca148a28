import SallyportModel
import Testing

@testable import SallyportEdge

@Suite struct RefusalSamplerTests {
    private func client(_ number: Int) -> AddressNetwork? {
        AddressNetwork([10, UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)])
    }

    @Test func oneClientWithOneFaultIsHeardSoOften() {
        var sampler = RefusalSampler()
        _ = sampler.news(at: 0)
        let heard = (0..<250).count { _ in sampler.admits(.noRoute, of: client(1)) }
        #expect(heard == RefusalSampler.mostLines)
        let others = [sampler.admits(.noRoute, of: client(2)), sampler.admits(.identityRequired, of: client(1))]
        #expect(others == [true, true])
        let early = sampler.news(at: RefusalSampler.window - 1)
        let news = sampler.news(at: RefusalSampler.window)
        let again = sampler.news(at: RefusalSampler.window * 2)
        #expect(early.isEmpty && again.isEmpty)
        #expect(news.map(\.reason) == [.noRoute] && news.map(\.count) == [150])
        let isHeardAgain = sampler.admits(.noRoute, of: client(1))
        #expect(isHeardAgain)
    }

    @Test func manyClientsAreOne() {
        var sampler = RefusalSampler()
        _ = sampler.news(at: 0)
        let heard = (0..<100_000).count { sampler.admits(.noRoute, of: client($0)) }
        #expect(heard == RefusalSampler.mostKinds + RefusalSampler.mostLines)
        let news = sampler.news(at: RefusalSampler.window)
        #expect(news.map(\.count) == [100_000 - heard])
    }
}
