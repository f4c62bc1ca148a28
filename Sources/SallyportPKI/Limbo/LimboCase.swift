import FoundationEssentials

/// A suite of the x509-limbo project (C2SP), or cases in its format: certificate chains and the verdict they deserve.
package struct LimboSuite: Sendable, Decodable {
    package let testcases: [LimboCase]

    /// - Throws: DecodingError when the text is no suite.
    package init(json: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(LimboSuite.self, from: Data(json))
    }
}

/// One case, with the fields that a verifier needs.
package struct LimboCase: Sendable, Decodable {
    package struct PeerName: Sendable, Decodable {
        /// `DNS`, `IP` or `RFC822`.
        package let kind: String
        package let value: String
    }

    package let id: String
    package let features: [String]?
    /// `SERVER` or `CLIENT`.
    package let validationKind: String
    /// PEM.
    package let trustedCerts: [String]
    package let untrustedIntermediates: [String]
    package let peerCertificate: String
    /// PEM; with one the status of the peer's certificate has to be known.
    package let crls: [String]?
    /// RFC 3339; now when there is none.
    package let validationTime: String?
    package let signatureAlgorithms: [String]?
    package let keyUsage: [String]?
    package let extendedKeyUsage: [String]?
    /// `SUCCESS` or `FAILURE`; what a harness is not told in earnest.
    package let expectedResult: String?
    package let expectedPeerName: PeerName?
    package let expectedPeerNames: [PeerName]?
    package let maxChainDepth: Int?
}

/// What a harness answers.
package struct LimboReport: Sendable, Encodable {
    package struct Verdict: Sendable, Encodable {
        package enum Result: String, Sendable, Encodable {
            case success = "SUCCESS"
            case failure = "FAILURE"
            case skipped = "SKIPPED"
        }

        package let id: String
        package let actualResult: Result
        /// Why, with the reason's code; the path of a chain that was accepted.
        package let context: String
    }

    package let version = 1
    package let harness = "sallyport"
    package let results: [Verdict]

    private enum CodingKeys: CodingKey { case version, harness, results }

    /// One JSON document.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
