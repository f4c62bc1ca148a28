import SallyportModel

@testable import SallyportHTTP

/// What a parser made of some bytes, in a form that two runs can be compared by.
struct Transcript: Equatable {
    struct Message: Equatable {
        var line: String
        var host = ""
        var framing: BodyFraming
        var keepAlive: Bool
        var fields: [String]
        var body: [UInt8] = []
        var isComplete = false
    }

    var messages: [Message] = []
    /// The code of the refusal that ended it.
    var refusal: UInt16?

    /// Feeds the bytes in pieces that end at `cuts`, then at the end.
    static func ofRequests(_ bytes: [UInt8], cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()) -> Transcript {
        var parser = RequestParser(limits: limits)
        var transcript = Transcript()
        for piece in pieces(of: bytes, cuts) {
            guard transcript.feed(piece, to: &parser) else { break }
        }
        return transcript
    }

    static func ofResponses(
        _ bytes: [UInt8], to methods: [Method] = [.get], cuts: [Int] = [], closes: Bool = false,
        limits: HTTPLimits = HTTPLimits()
    ) -> Transcript {
        var parser = ResponseParser(limits: limits)
        var waiting = methods[...]
        if let first = waiting.popFirst() { parser.expect(first) }
        var transcript = Transcript()
        for piece in pieces(of: bytes, cuts) {
            guard transcript.feed(piece, to: &parser, &waiting) else { return transcript }
        }
        if closes {
            switch parser.inputClosed() {
            case .end: transcript.finishLast()
            case .refused(let reason): transcript.refusal = reason.code
            default: break
            }
        }
        return transcript
    }

    static func pieces(of bytes: [UInt8], _ cuts: [Int]) -> [[UInt8]] {
        var start = 0
        var pieces: [[UInt8]] = []
        for cut in cuts + [bytes.count] {
            pieces.append(Array(bytes[start..<cut]))
            start = cut
        }
        return pieces
    }

    private mutating func feed(_ piece: [UInt8], to parser: inout RequestParser) -> Bool {
        var offset = 0
        while true {
            let (consumed, event) = parser.next(piece.span.bytes.extracting(offset..<piece.count))
            switch event {
            case .needMore: return true
            case .head(let head):
                messages.append(Message(head))
            case .body(let range):
                messages[messages.count - 1].body += piece[offset + range.lowerBound..<offset + range.upperBound]
            case .end:
                finishLast()
                if offset + consumed == piece.count { return true }
            case .refused(let reason):
                refusal = reason.code
                return false
            }
            offset += consumed
        }
    }

    private mutating func feed(
        _ piece: [UInt8], to parser: inout ResponseParser, _ waiting: inout ArraySlice<Method>
    ) -> Bool {
        var offset = 0
        while true {
            let (consumed, event) = parser.next(piece.span.bytes.extracting(offset..<piece.count))
            switch event {
            case .needMore: return true
            case .head(let head):
                messages.append(Message(head))
                if head.isInterim { finishLast() }
            case .body(let range):
                messages[messages.count - 1].body += piece[offset + range.lowerBound..<offset + range.upperBound]
            case .end:
                finishLast()
                if let method = waiting.popFirst() { parser.expect(method) }
                if offset + consumed == piece.count { return true }
            case .refused(let reason):
                refusal = reason.code
                return false
            }
            offset += consumed
        }
    }

    private mutating func finishLast() {
        if !messages.isEmpty { messages[messages.count - 1].isComplete = true }
    }
}

extension Transcript.Message {
    init(_ head: RequestHead) {
        let query = head.query.map { "?" + head.text($0) } ?? ""
        line = "\(head.methodText) \(head.text(head.path))\(query)"
        host = head.text(head.authority)
        framing = head.framing
        keepAlive = head.keepAlive
        fields = head.fields.map { head.text($0.nameRange) + ": " + head.text($0.valueRange) }
    }

    init(_ head: ResponseHead) {
        line = "\(head.status) " + String(decoding: head.bytes[head.reasonPhrase], as: UTF8.self)
        framing = head.framing
        keepAlive = head.keepAlive
        fields = head.fields.map {
            String(decoding: head.bytes[$0.nameRange] + Array(": ".utf8) + head.bytes[$0.valueRange], as: UTF8.self)
        }
    }
}
