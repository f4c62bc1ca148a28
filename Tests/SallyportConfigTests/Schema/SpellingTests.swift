import Testing

@testable import SallyportConfig
@testable import SallyportModel

@Suite struct SpellingTests {
    @Test(arguments: [
        ("route", "routes", 1), ("tsl", "tls", 1), ("kitten", "sitting", nil), ("abcd", "badc", 2), ("", "ab", 2),
        ("same", "same", 0), ("a", "abcd", nil),
    ])
    func distances(_ left: String, _ right: String, _ expected: Int?) {
        let (first, second) = (Array(left.unicodeScalars), Array(right.unicodeScalars))
        #expect(Spelling.distance(first, second, atMost: 2) == expected)
        #expect(Spelling.distance(second, first, atMost: 2) == expected)
    }

    /// Every slip of one letter in every key of every level leads back to that key, where it leads to no other key.
    @Test func everyTypoIsUnderstood() {
        var checked = 0
        for record in KeyIndex.records {
            let known = record.fields.map(\.name)
            for name in known {
                for typo in Self.typos(of: name) where !known.contains(typo) {
                    let near = Spelling.nearest(to: typo, among: known)
                    #expect(near == name || Self.isAsNear(near, to: typo, as: name), "\(typo) → \(near ?? "nothing")")
                    checked += 1
                }
            }
        }
        #expect(checked > 1000)
    }

    private static func isAsNear(_ found: String?, to typo: String, as name: String) -> Bool {
        guard let found else { return false }
        let distances = [found, name].map {
            Spelling.distance(Array(typo.lowercased().unicodeScalars), Array($0.lowercased().unicodeScalars), atMost: 2)
        }
        return distances[0] == distances[1]
    }

    private static func typos(of name: String) -> [String] {
        let letters = Array(name)
        return letters.indices.flatMap { index -> [String] in
            var (dropped, doubled, changed, swapped) = (letters, letters, letters, letters)
            dropped.remove(at: index)
            doubled.insert(letters[index], at: index)
            changed[index] = "x"
            if index + 1 < letters.count { swapped.swapAt(index, index + 1) }
            return [dropped, doubled, changed, swapped].map { String($0) }
        }
    }
}
