import Testing

@testable import SallyportPKI

@Suite struct NonceBookTests {
    private static func use(_ book: inout NonceBook, _ nonce: String, _ now: Int64) -> Bool { book.use(nonce, at: now) }

    /// However many are used: memory is bounded, and none is ever good twice.
    @Test func forgetsWithoutEverAcceptingTwice() {
        var book = NonceBook(capacity: 10)
        var used: [String] = []
        for second in Int64(0)..<100 {
            let nonce = book.make(at: second)
            #expect(Self.use(&book, nonce, second))
            used.append(nonce)
            for old in used { #expect(!Self.use(&book, old, second)) }
        }
    }

    @Test func refusesWhatItDidNotMake() {
        var book = NonceBook()
        let elsewhere = NonceBook()
        #expect(!Self.use(&book, elsewhere.make(at: 5), 5))
        #expect(!Self.use(&book, "", 5))
        #expect(!Self.use(&book, book.make(at: 100), 5))
        #expect(!Self.use(&book, book.make(at: 5), 5 + NonceBook.lifetime + 1))
    }
}
