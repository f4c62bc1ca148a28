import NIOCore
import SallyportCompression
import SallyportConfig
import SallyportHTTP
import SallyportModel

// Responses that go out smaller than they came, where the route asks for it and the client accepts it.
extension Exchange {
    /// Begins to compress if this response is for that: then its head is changed to what will be sent. What answers HEAD
    /// says what GET would have got (RFC 9110 §9.3.2), and a 304 names the same validator as the 200 did.
    func compress(_ response: inout ResponseHead, _ plan: inout ResponsePlan) throws(ContentEncoder.Failure) {
        guard let offered = record.route?.route.compress, !offered.isEmpty, CompressibleContent.isEligible(response) else {
            return
        }
        plan.added += Array("vary: accept-encoding\r\n".utf8)
        let codings = offered.map(ContentCoding.init)
        guard let coding = ContentCoding.choose(among: codings, acceptEncoding: head.values(of: "accept-encoding")) else {
            return
        }
        let tag = CompressibleContent.weakTag(response)
        if response.framing == .none {
            response.withholdLength()
        } else {
            encoder = try ContentEncoder(coding)
            plan.framing = .chunked
        }
        response.withhold(CompressibleContent.outdatedFields)
        if response.status != 304 { plan.added += Array("content-encoding: \(coding.rawValue)\r\n".utf8) }
        if let tag { plan.added += Array("etag: \(tag)\r\n".utf8) }
    }

    /// False: the client's side refused what came out, or the library gave up.
    func sendEncoded(_ piece: ByteBuffer?, _ step: ContentEncoder.Step, _ encoder: ContentEncoder) -> Bool {
        var out: [UInt8] = []
        do {
            let bytes = piece ?? loop.noBytes
            try encoder.encode(bytes.readableBytesSpan, step, into: &out)
        } catch {
            return false
        }
        return out.isEmpty || client.sendBody(ByteBuffer(bytes: out))
    }

    /// The upstream pauses: whoever reads along gets what there is.
    func flushEncoder() {
        guard let encoder, encoder.hasPending, machine.isResponding else { return }
        if !sendEncoded(nil, .flush, encoder) { end(machine.abandon(), reason: .internalError) }
    }
}

extension ContentCoding {
    init(_ compression: Compression) {
        switch compression {
        case .br: self = .br
        case .gzip: self = .gzip
        }
    }
}
