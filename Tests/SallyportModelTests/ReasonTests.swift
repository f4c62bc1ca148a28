import SallyportModel
import Testing

@Suite struct ReasonTests {
    @Test func codesAreUniqueAndFourDigits() {
        var seen = Set<UInt16>()
        for reason in Reason.all {
            #expect(seen.insert(reason.code).inserted, "\(reason.name) stands twice")
            #expect((1000...9999).contains(reason.code))
        }
    }

    @Test func everyReasonIsDocumented() {
        for reason in Reason.all {
            #expect(reason.title.utf8CodeUnitCount > 3, "\(reason.name)")
            #expect(reason.explanation.utf8CodeUnitCount > 20, "\(reason.name) has no explanation")
            #expect(reason.fix.utf8CodeUnitCount > 10, "\(reason.name) has no fix")
        }
    }

    @Test func familiesMatchTheFile() {
        for (reasons, family) in [(Reason.all, 1...9)] {
            for reason in reasons { #expect(family.contains(Int(reason.code / 1000))) }
        }
        #expect(Reason.named("sp9001") == .internalError)
        #expect(Reason.named("SP0000") == nil)
    }
}
