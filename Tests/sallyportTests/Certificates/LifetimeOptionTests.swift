import ArgumentParser
import Testing

@testable import sallyport

@Suite struct LifetimeOptionTests {
    @Test(
        arguments: [
            ([], nil), (["--days", "1"], .seconds(86_400)), (["--hours", "2"], .seconds(7200)),
            (["--days", "3650"], .seconds(3650 * 86_400)),
        ] as [([String], Duration?)])
    func good(_ arguments: [String], _ expected: Duration?) throws {
        #expect(try LifetimeOption.parse(arguments).lifetime() == expected)
    }

    @Test(arguments: [
        ["--days", "0"], ["--days", "3651"], ["--hours", "0"], ["--hours", "9223372036854775807"],
        ["--days", "1", "--hours", "1"],
    ])
    func bad(_ arguments: [String]) throws {
        let option = try LifetimeOption.parse(arguments)
        #expect(throws: CommandFailure.self) { try option.lifetime() }
    }
}
