@testable import SallyportHTTP
@testable import SallyportModel
@testable import SallyportPKI

/// Names that are read from a certificate are safe to compare and to log, and what upstreams are told about them is
/// exactly one field line each.
func fuzzCertificateName(_ der: [UInt8]) {
    let facts: CertificateFacts
    do throws(ChainRefusal) {
        facts = try CertificateReader.facts(der: der)
    } catch {
        require(!error.reason.title.description.isEmpty, "a refusal without a reason")
        return
    }
    require(facts.der == der, "bytes behind the certificate")
    for text in facts.dnsNames + facts.uris + facts.emails + facts.addresses {
        require(!text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "unsafe name")
    }
    for text in facts.dnsNames { require(text == text.lowercased(), "DNS name in upper case") }
    let identity = Identity(names: [], certificate: facts, authority: "a", intermediates: [der])
    require(lineCount(ForwardedFields.rfc9440(identity)) == 2, "Client-Cert breaks out")
    require(lineCount(ForwardedFields.xfcc(identity)) == 1, "XFCC breaks out")
}

/// Lines that a strict reader finds in a block of field lines; nil when it refuses.
private func lineCount(_ block: [UInt8]) -> Int? {
    let limits = HTTPLimits(fieldLine: 1 << 20, headers: 1 << 22)
    var parser = RequestParser(limits: limits)
    let request = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + block + Array("\r\n".utf8)
    guard case (request.count, .head(let head)) = parser.next(request.span.bytes) else { return nil }
    return head.fields.count - 1
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
