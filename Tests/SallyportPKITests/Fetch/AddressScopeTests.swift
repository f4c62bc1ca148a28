import Testing

@testable import SallyportPKI

@Suite struct AddressScopeTests {
    @Test(arguments: [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
        "febf::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "", "localhost", "fe80::1%lo", "127.1",
    ])
    func thisMachineAndItsLinkAreLocal(address: String) {
        #expect(AddressScope(ofAddress: address) == .local)
    }

    @Test(arguments: [
        "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1", "fc00::1", "fec0::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "::10.0.0.1",
    ])
    func privateNetworksAreSites(address: String) {
        #expect(AddressScope(ofAddress: address) == .site)
    }

    @Test(arguments: [
        "1.1.1.1", "172.15.0.1", "172.32.0.1", "192.167.0.1", "100.63.0.1", "100.128.0.1", "2001:db8::1", "2606:4700::1",
        "::ffff:8.8.8.8",
    ])
    func theRestIsGlobal(address: String) {
        #expect(AddressScope(ofAddress: address) == .global)
    }

    @Test func scopesAreOrdered() {
        #expect(AddressScope.local < .site && .site < AddressScope.global)
    }
}
