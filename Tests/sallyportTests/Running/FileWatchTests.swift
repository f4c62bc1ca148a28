import Testing

@testable import sallyport

@Suite struct FileWatchTests {
    private func stamp(_ size: Int64) -> FileStamp {
        .present(device: 1, inode: 1, size: size, seconds: 0, nanoseconds: 0)
    }

    @Test func tellsOnceAndOnlyWhenTheFileHasComeToRest() {
        var watch = FileWatch(["a": stamp(1)])
        let looks: [(Int64, Bool)] = [
            (1, false), (2, false), (3, false), (4, false), (4, true), (4, false), (4, false), (5, false), (5, true),
        ]
        for (size, expected) in looks { #expect(watch.look(["a": stamp(size)]) == expected) }
    }

    @Test func aFileThatIsWrittenBackIsNoChange() {
        var watch = FileWatch(["a": stamp(1)])
        let seen = [2, 1, 1, 1].map { watch.look(["a": stamp($0)]) }
        #expect(seen == [false, false, false, false])
    }

    @Test func goneAndBackAreChanges() {
        var watch = FileWatch(["a": stamp(1)])
        let seen = [FileStamp.missing, .missing, stamp(1), stamp(1)].map { watch.look(["a": $0]) }
        #expect(seen == [false, true, false, true])
    }

    @Test func aFileThatIsNewlyWatchedIsKnownAsItIs() {
        var watch = FileWatch(["a": stamp(1)])
        let both = ["a": stamp(1), "b": stamp(7)]
        #expect(!watch.look(both) && !watch.look(both) && !watch.look(both))
        let changed = ["a": stamp(1), "b": stamp(8)]
        #expect(!watch.look(changed) && watch.look(changed))
        #expect(!watch.look(["b": stamp(8)]) && !watch.look(["b": stamp(8)]))
    }
}
