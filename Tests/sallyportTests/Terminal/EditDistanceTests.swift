import Testing

@testable import sallyport

@Suite struct EditDistanceTests {
    @Test(arguments: [
        ("", "", 0), ("run", "run", 0), ("Run", "rUN", 0), ("run", "", 3), ("chekc", "check", 1), ("stop", "top", 1),
        ("reload", "relaod", 1), ("diff", "demo", 3), ("abcd", "badc", 2), ("kitten", "sitting", 3),
    ])
    func between(_ left: String, _ right: String, _ distance: Int) {
        #expect(EditDistance.between(left, right) == distance)
        #expect(EditDistance.between(right, left) == distance)
    }
}
