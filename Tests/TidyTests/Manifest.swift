import Foundation

/// What Package.swift says about targets, read from its text.
struct Manifest {
    struct Target {
        let name: String
        /// Names of targets and modules that it may import.
        let dependencies: [String]
        let isTest: Bool
    }

    /// In the order of the file, which is from the top of the house to its foundation.
    let targets: [Target]

    init() throws {
        let text = try Repository.text("Package.swift")
        let products = Self.products(in: text)
        targets = text.matches(of: /\.(target|executableTarget|testTarget)\(\s*name: "(\w+)"/).map { match in
            let rest = text[match.range.upperBound...]
            let end = rest.firstMatch(of: /\.(target|executableTarget|testTarget)\(/)?.range.lowerBound ?? rest.endIndex
            return Target(
                name: String(match.2), dependencies: Self.dependencies(in: rest[..<end], products: products),
                isTest: match.1 == "testTarget")
        }
    }

    /// `let nio: Target.Dependency = .product(name: "NIOCore", …)`
    private static func products(in text: String) -> [String: String] {
        let declarations = text.matches(of: /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/)
        return Dictionary(uniqueKeysWithValues: declarations.map { (String($0.1), String($0.2)) })
    }

    private static func dependencies(in text: Substring, products: [String: String]) -> [String] {
        guard let list = text.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 else { return [] }
        let inline = list.matches(of: /\.product\(name: "(\w+)", package: "[^"]*"\)/).map { String($0.1) }
        let words = list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"?(\w+)"?/).map { String($0.1) }
        return inline + words.map { products[$0] ?? $0 }
    }
}
