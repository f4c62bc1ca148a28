/// Words that somebody may have meant.
package enum Spelling {
    /// The nearest of the candidates, at most two slips away, or equal but for letter case, `_` and `-`.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = folded(word)
        let limit = wanted.count <= 3 ? 1 : 2
        var best: (candidate: String, distance: Int)?
        for candidate in candidates where candidate != word {
            guard let distance = distance(wanted, folded(candidate), atMost: limit) else { continue }
            if distance < best?.distance ?? 3 { best = (candidate, distance) }
        }
        return best?.candidate
    }

    private static func folded(_ word: String) -> [Unicode.Scalar] {
        word.lowercased().unicodeScalars.filter { $0 != "_" && $0 != "-" }
    }

    /// Damerau-Levenshtein distance with adjacent transpositions; nil when it is greater than `limit`.
    static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], atMost limit: Int) -> Int? {
        guard abs(left.count - right.count) <= limit, left.count <= 128 else { return nil }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let change = previous[column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(previous[column + 1] + 1, current[column] + 1, change)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                current.append(cost)
            }
            (before, previous) = (previous, current)
        }
        let distance = previous[right.count]
        return distance <= limit ? distance : nil
    }
}
