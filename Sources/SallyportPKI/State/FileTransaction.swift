import FoundationEssentials
import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Replaces several files of one folder so that a crash at any moment leaves all of the old ones or all of the new.
///
/// The new files are written to `next/` and synced. Renaming `next` to `commit` is the moment of change. Then each file
/// moves to its place. `recover` finishes what was committed and forgets what was not; whoever reads the files calls it
/// first, and both hold the authority's lock.
struct FileTransaction {
    struct File {
        let name: String
        let bytes: [UInt8]
        let mode: UInt16
    }

    /// Called before every step that changes the disk, with what comes next; what it throws is a crash at that place.
    typealias Checkpoint = (String) throws(PKIError) -> Void

    let folder: String
    let files: [File]

    private static let staging = "next"
    private static let committed = "commit"

    func run(_ checkpoint: Checkpoint = { _ throws(PKIError) in }) throws(PKIError) {
        try Self.recover(folder)
        try stage(checkpoint)
        try checkpoint("commit")
        try Self.rename(path(Self.staging), path(Self.committed))
        try StateDirectory.syncFolder(of: path(Self.committed))
        for file in files {
            try checkpoint("move \(file.name)")
            try Self.rename(path("\(Self.committed)/\(file.name)"), path(file.name))
        }
        try checkpoint("clean")
        try Self.recover(folder)
    }

    /// Finishes a committed transaction, forgets one that was not. Costs two look-ups when there is neither.
    static func recover(_ folder: String) throws(PKIError) {
        let staging = "\(folder)/\(staging)"
        let committed = "\(folder)/\(committed)"
        if FileContents.exists(committed) {
            for name in try names(in: committed) { try rename("\(committed)/\(name)", "\(folder)/\(name)") }
            try StateDirectory.syncFolder(of: "\(folder)/x")
            try remove(committed)
        }
        if FileContents.exists(staging) { try remove(staging) }
    }

    private func stage(_ checkpoint: Checkpoint) throws(PKIError) {
        try checkpoint("begin")
        guard mkdir(path(Self.staging), 0o700) == 0 else { throw Self.failure(path(Self.staging)) }
        for file in files {
            try checkpoint("write \(file.name)")
            let mode = try file.mode & StateDirectory.modeLimit(of: path(file.name))
            try StateDirectory.writeAtomically(
                file.bytes, to: path("\(Self.staging)/\(file.name)"), mode: mode)
        }
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private static func names(in folder: String) throws(PKIError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw PKIError(.stateWriteFailed, folder, "its files cannot be listed")
        }
    }

    private static func remove(_ folder: String) throws(PKIError) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            throw PKIError(.stateWriteFailed, folder, "it cannot be removed")
        }
    }

    private static func rename(_ old: String, _ new: String) throws(PKIError) {
        #if canImport(Darwin)
            let result = Darwin.rename(old, new)
        #elseif canImport(Musl)
            let result = Musl.rename(old, new)
        #else
            let result = Glibc.rename(old, new)
        #endif
        guard result == 0 else { throw failure(new) }
    }

    private static func failure(_ path: String) -> PKIError {
        PKIError(.stateWriteFailed, path, FileContents.systemError())
    }
}
