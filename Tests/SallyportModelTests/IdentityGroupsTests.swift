import SallyportModel
import Testing

@Suite struct IdentityGroupsTests {
    private let groups = IdentityGroups([.init("staff", ["alice", "bob"]), .init("ops", ["bob"]), .init("none", [])])

    @Test func aListStandsForTheMembersOfItsGroups() {
        #expect(groups.expanded(["staff", "carol"]) == ["alice", "bob", "carol"])
        #expect(groups.expanded(["none"]).isEmpty)
        #expect(IdentityGroups().expanded(["staff"]) == ["staff"])
    }

    @Test func whoeverHasANameIsInItsGroups() {
        #expect(groups.names(for: ["bob"]) == ["staff", "ops"])
        #expect(groups.names(for: ["alice", "bob"]) == ["staff", "ops"])
        #expect(groups.names(for: ["carol"]).isEmpty)
        #expect(groups.names(for: ["staff"]).isEmpty)
    }
}
