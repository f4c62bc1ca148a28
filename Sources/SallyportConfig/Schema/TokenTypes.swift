import SallyportModel

extension ValueType<String> {
    /// `iss` of tokens: an absolute `https` URL, or `http` on this machine (RFC 8414 section 2).
    static func issuer() -> ValueType {
        let shape = ScalarShape(
            words: "the URL of an issuer", pattern: "https?://[^?#]+", examples: ["\"https://id.example.org\""])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let url = try DocumentURL.checked(text)
            guard !url.contains("?") else {
                throw ValueError(message: "an issuer has no query", label: "such as https://id.example.org")
            }
            try DocumentURL.checkSecrecy(url)
            return url
        }
    }
}

extension ValueType<TokenPolicy.Keys> {
    /// `discover`, or the URL of a key set.
    static func keySet() -> ValueType {
        let shape = ScalarShape(
            words: "`discover` or the URL of a key set", pattern: "discover|https?://.+",
            examples: ["discover", "\"https://id.example.org/keys\""])
        return .scalar(shape) { keys in
            switch keys {
            case .discover: "discover"
            case .url(let url): url
            case .secret(let reference): reference.text
            }
        } parse: { text throws(ValueError) in
            if text == "discover" { return .discover }
            guard text.contains("://") else {
                throw ValueError(
                    message: "\"\(text)\" is neither `discover` nor a URL", label: "expected \(shape.words)")
            }
            let url = try DocumentURL.checked(text)
            try DocumentURL.checkSecrecy(url)
            return .url(url)
        }
    }
}

extension ValueType<TokenAlgorithm> {
    static func macAlgorithm() -> ValueType {
        let words = TokenAlgorithm.allCases.filter(\.isSymmetric).map(\.rawValue)
        let shape = ScalarShape(words: "one of: " + words.joined(separator: ", "), choices: words, examples: words)
        return .scalar(shape, text: \.rawValue) { text throws(ValueError) in
            if let algorithm = TokenAlgorithm(rawValue: text), algorithm.isSymmetric { return algorithm }
            throw ValueError.unknown("MAC algorithm", text, choices: words)
        }
    }

    /// Signatures only: a MAC's secret would have to be shared with whoever checks it.
    static func signatureAlgorithm() -> ValueType {
        let words = TokenAlgorithm.allCases.filter { !$0.isSymmetric }.map(\.rawValue)
        let shape = ScalarShape(words: "one of: " + words.joined(separator: ", "), choices: words, examples: words)
        return .scalar(shape, text: \.rawValue) { text throws(ValueError) in
            if let algorithm = TokenAlgorithm(rawValue: text), !algorithm.isSymmetric { return algorithm }
            throw ValueError.unknown("signature algorithm", text, choices: words)
        }
    }
}

extension DocumentURL {
    /// Keys that somebody on the way could replace are no keys.
    static func checkSecrecy(_ url: String) throws(ValueError) {
        guard url.hasPrefix("http://") else { return }
        let rest = url.dropFirst("http://".count)
        let end = rest.firstIndex { $0 == "/" } ?? rest.endIndex
        let host =
            rest[..<end].hasPrefix("[") ? rest.dropFirst().prefix { $0 != "]" } : rest[..<end].prefix { $0 != ":" }
        guard HostText.isLoopback(String(host)) else {
            throw ValueError(message: "what decides about tokens comes by `https`, or from this machine", label: "write https://")
        }
    }
}
