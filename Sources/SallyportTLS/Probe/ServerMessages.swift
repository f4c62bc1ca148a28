import SallyportModel

/// The handshake messages of a server in their order (RFC 5246 section 7.3, RFC 8446 section 4.1).
struct ServerMessages {
    private(set) var flight = ServerFlight()
    /// The type of the newest message; each may come once, and in ascending order but for CertificateStatus.
    private var position = 0

    /// Messages of TLS 1.2 in the order in which they may come.
    private static let order: [UInt8] = [2, 11, 22, 12, 13, 14]

    /// Whether the answer is complete.
    ///
    /// - Parameter message: with its header.
    mutating func take(_ message: [UInt8]) throws(HelloFault) -> Bool {
        let type = message[0]
        guard let place = Self.order[position...].firstIndex(of: type), position > 0 || type == 2 else {
            throw Self.fault("a handshake message is unknown or comes out of order")
        }
        position = place + 1
        let body = HelloCursor(message, from: 4)
        switch type {
        case 2: flight.hello = try Self.serverHello(body)
        case 11: flight.certificates = try Self.certificates(body)
        case 12: flight.keyExchange = try Self.keyExchange(body, of: flight.hello)
        case 13: flight.asksForClientCertificate = true
        case 22: flight.staplesStatus = true
        default: try body.finish()
        }
        return type == 14 || type == 2 && flight.hello.version >= .tls13
    }

    /// What is wrong with a server's message has no code: nobody is refused for it.
    private static func fault(_ detail: StaticString) -> HelloFault { HelloFault(.helloMalformed, detail) }

    // MARK: ServerHello

    private static func serverHello(_ cursor: HelloCursor) throws(HelloFault) -> ServerHello {
        var body = cursor
        var hello = ServerHello()
        hello.version = WireVersion(rawValue: try body.uint16())
        guard hello.version.rawValue >> 8 == 3 else { throw fault("the version is none of TLS") }
        hello.isRetryRequest = try body.take(bytes: 32).elementsEqual(retryRandom)
        guard try body.vector8().count <= 32 else { throw fault("the session identifier is longer than 32 bytes") }
        hello.suite = try body.uint16()
        hello.compression = try body.uint8()
        if body.isEmpty { return hello }
        var list = try body.vector16()
        try body.finish()
        while !list.isEmpty {
            let type = try list.uint16()
            guard !hello.extensions.contains(type), hello.extensions.count < 64 else {
                throw fault("an extension stands twice, or there are more than 64")
            }
            hello.extensions.append(type)
            try readExtension(type, try list.vector16(), into: &hello)
        }
        return hello
    }

    private static func readExtension(
        _ type: UInt16, _ data: HelloCursor, into hello: inout ServerHello
    ) throws(HelloFault) {
        var data = data
        switch type {
        case 43:
            hello.version = WireVersion(rawValue: try data.uint16())
            try data.finish()
        case 51:
            hello.group = NamedGroup(rawValue: try data.uint16())
            if hello.isRetryRequest { return try data.finish() }
            guard try !data.vector16().isEmpty else { throw fault("a key share is empty") }
            try data.finish()
        default: return
        }
    }

    /// The SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3).
    static let retryRandom: [UInt8] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2,
        0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ]

    // MARK: Certificate

    private static let maximumCertificates = 32

    /// RFC 5246 section 7.4.2: a chain of certificates, each with a length of three bytes.
    private static func certificates(_ cursor: HelloCursor) throws(HelloFault) -> [[UInt8]] {
        var body = cursor
        var list = try body.vector24()
        try body.finish()
        var chain: [[UInt8]] = []
        while !list.isEmpty {
            guard chain.count < maximumCertificates else { throw fault("there are more than 32 certificates") }
            let certificate = try list.vector24()
            guard !certificate.isEmpty else { throw fault("a certificate is empty") }
            chain.append(Array(certificate.remainder))
        }
        return chain
    }

    // MARK: ServerKeyExchange

    private static func keyExchange(_ cursor: HelloCursor, of hello: ServerHello) throws(HelloFault) -> ServerKeyExchange {
        var body = cursor
        var exchange = ServerKeyExchange()
        let name = CipherSuite(rawValue: hello.suite).name
        if name.hasPrefix("TLS_ECDH") {
            // Type named_curve; others were never in use and are forbidden now.
            guard try body.uint8() == 3 else { throw fault("the curve is given by its parameters") }
            exchange.group = NamedGroup(rawValue: try body.uint16())
            guard try !body.vector8().isEmpty else { throw fault("the server's public key is empty") }
        } else if name.hasPrefix("TLS_DH") {
            exchange.primeBits = bits(of: try body.vector16().remainder)
            _ = try body.vector16()
            _ = try body.vector16()
        } else {
            return exchange
        }
        if name.contains("_anon_") { return exchange }
        if hello.version >= .tls12 { exchange.scheme = SignatureScheme(rawValue: try body.uint16()) }
        guard try !body.vector16().isEmpty else { throw fault("the server's signature is empty") }
        try body.finish()
        return exchange
    }

    private static func bits(of number: ArraySlice<UInt8>) -> Int {
        let digits = number.drop { $0 == 0 }
        return digits.first.map { digits.count * 8 - $0.leadingZeroBitCount } ?? 0
    }
}
