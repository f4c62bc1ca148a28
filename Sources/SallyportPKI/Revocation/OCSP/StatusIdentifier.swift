import Crypto

/// CertID of RFC 6960 section 4.1.1: names a certificate by hashes of its issuer's name and key, and its serial number.
struct StatusIdentifier: Sendable, Hashable {
    enum Hash: CaseIterable { case sha1, sha256 }

    let hash: Hash
    let issuerName: [UInt8]
    let issuerKey: [UInt8]
    let serial: SerialNumber

    init(_ question: StatusQuestion, hash: Hash) throws(DERFailure) {
        self.hash = hash
        issuerName = Self.digest(question.issuer, hash)
        issuerKey = Self.digest(try Self.keyBits(question.issuerKey), hash)
        serial = question.serial
    }

    /// Nil for a hash that is not known here.
    init?(der: ArraySlice<UInt8>) throws(DERFailure) {
        var fields = try DERCursor.only(der, tag: DERTag.sequence).children
        let algorithm = Array(try fields.next(tag: DERTag.sequence).encoded)
        let name = try fields.next(tag: DERTag.octetString)
        let key = try fields.next(tag: DERTag.octetString)
        let number = try fields.next(tag: DERTag.integer)
        guard fields.isAtEnd else { throw DERFailure() }
        guard let hash = Hash.allCases.first(where: { Self.algorithms($0).contains(algorithm) }),
            let serial = SerialNumber(number.content)
        else { return nil }
        self.hash = hash
        issuerName = Array(name.content)
        issuerKey = Array(key.content)
        self.serial = serial
    }

    var der: [UInt8] {
        DERWriter.sequence(
            Self.algorithms(hash)[0], DERWriter.octetString(issuerName), DERWriter.octetString(issuerKey),
            DERWriter.element(DERTag.integer, serial.content))
    }

    static func digest(_ bytes: some Sequence<UInt8>, _ hash: Hash) -> [UInt8] {
        switch hash {
        // Names a certificate, protects nothing: the response is signed with a better hash.
        case .sha1: Array(Insecure.SHA1.hash(data: Array(bytes)))
        case .sha256: Array(SHA256.hash(data: Array(bytes)))
        }
    }

    /// The bits of the key itself, without algorithm.
    static func keyBits(_ publicKeyInfo: [UInt8]) throws(DERFailure) -> ArraySlice<UInt8> {
        var fields = try DERCursor.only(publicKeyInfo[...], tag: DERTag.sequence).children
        _ = try fields.next(tag: DERTag.sequence)
        return try fields.next(tag: DERTag.bitString).content.dropFirst()
    }

    /// AlgorithmIdentifier with NULL and without parameters; the first is what is written.
    private static func algorithms(_ hash: Hash) -> [[UInt8]] {
        let name: [UInt8] =
            switch hash {
            case .sha1: [43, 14, 3, 2, 26]
            case .sha256: [96, 134, 72, 1, 101, 3, 4, 2, 1]
            }
        let identifier = DERWriter.element(DERTag.objectIdentifier, name)
        return [DERWriter.sequence(identifier, DERWriter.null), DERWriter.sequence(identifier)]
    }
}
