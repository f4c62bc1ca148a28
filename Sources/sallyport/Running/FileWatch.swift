/// Notices that watched files changed and have come to rest. Decides only; who looks at the files calls `look`.
struct FileWatch {
    private var accepted: [String: FileStamp]
    private var pending: [String: FileStamp]?

    init(_ stamps: [String: FileStamp]) {
        accepted = stamps
    }

    /// Takes what the files look like now.
    ///
    /// - Returns: True once per change, at the second look that finds it the same: whoever writes in several steps is
    ///   given time to finish.
    mutating func look(_ stamps: [String: FileStamp]) -> Bool {
        // A file that is watched from now on has just been read: as it looks now it is known.
        accepted = accepted.filter { stamps[$0.key] != nil }.merging(stamps) { known, _ in known }
        defer { pending = stamps == accepted ? nil : stamps }
        guard stamps != accepted, stamps == pending else { return false }
        accepted = stamps
        return true
    }
}
