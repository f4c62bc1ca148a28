/// A few numbers as a line of blocks.
enum Sparkline {
    private static let blocks = Array("▁▂▃▄▅▆▇█")

    /// One block for each number; the highest block is the greatest of them. Empty without any.
    static func text(_ numbers: [Int]) -> String {
        let most = max(1, numbers.max() ?? 0)
        return String(numbers.map { blocks[max(0, min($0, most)) * (blocks.count - 1) / most] })
    }
}
