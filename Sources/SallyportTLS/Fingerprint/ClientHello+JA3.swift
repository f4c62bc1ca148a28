import Crypto

extension ClientHello {
    /// The JA3 fingerprint (Salesforce, 2017): MD5 over version, suites, extensions, groups and point formats.
    ///
    /// Clients that shuffle their extensions, as Chromium does, have a new one for each connection: prefer `ja4`.
    package var ja3: String {
        // The digest names a shape; nothing rests on MD5 being hard to collide.
        let digest = Insecure.MD5.hash(data: ja3Text)
        return String(
            decoding: digest.flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }, as: UTF8.self)
    }

    /// `771,4865-4866,0-23,29-23,0`, before it is hashed.
    var ja3Text: [UInt8] {
        var text: [UInt8] = Array(String(legacyVersion).utf8)
        for list in [cipherSuites, extensions, groups] {
            text.append(UInt8(ascii: ","))
            Self.append(list.filter { !GREASE.contains($0) }, to: &text)
        }
        text.append(UInt8(ascii: ","))
        Self.append(pointFormats.map(UInt16.init), to: &text)
        return text
    }

    private static func append(_ values: [UInt16], to text: inout [UInt8]) {
        for (index, value) in values.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "-")) }
            text += String(value).utf8
        }
    }
}
