import Glibc

/// What shows that a file is another than before, without reading it.
enum FileStamp: Hashable, Sendable {
    case missing
    case present(device: UInt64, inode: UInt64, size: Int64, seconds: Int, nanoseconds: Int)

    init(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .missing
            return
        }
        self = .present(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
}
