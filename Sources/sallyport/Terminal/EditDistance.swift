/// How many insertions, deletions, replacements and swaps of neighbours lead from one word to another
/// (optimal string alignment).
enum EditDistance {
    static func between(_ left: String, _ right: String) -> Int {
        let (source, target) = (Array(left.lowercased()), Array(right.lowercased()))
        var rows = [Array(0...target.count)]
        for (index, character) in source.enumerated() {
            rows.append(row(after: rows, source, index, character, target))
        }
        return rows[source.count][target.count]
    }

    private static func row(
        after rows: [[Int]], _ source: [Character], _ index: Int, _ character: Character, _ target: [Character]
    ) -> [Int] {
        var row = [index + 1]
        for (column, other) in target.enumerated() {
            let replaced = rows[index][column] + (character == other ? 0 : 1)
            var best = min(rows[index][column + 1] + 1, row[column] + 1, replaced)
            if index > 0, column > 0, character == target[column - 1], source[index - 1] == other {
                best = min(best, rows[index - 1][column - 1] + 1)
            }
            row.append(best)
        }
        return row
    }
}
