import SallyportModel

extension ValueType {
    /// One value, or a list of them.
    static func oneOrMore<Element>(_ element: ValueType<Element>) -> ValueType where Value == [Located<Element>] {
        let list = ValueType<[Located<Element>]>.list(of: element, count: 1...64)
        guard case .scalar(let scalar) = element.shape else { return list }
        return ValueType(shape: .either(scalar, list.shape)) { node, path, session in
            guard case .text = node.content else { return list.decode(node, path, session) }
            return element.decode(node, path, session).map { [Located(value: $0, span: node.span, path: path)] }
        } text: { values in
            values.count == 1 ? element.text(values[0].value) : list.text(values)
        }
    }
}

extension ValueType<AuthorityStatus.Location> {
    /// A URL, or the path of a file that is read to see that it is there; the path is absolute then.
    static func revocationList() -> ValueType {
        let shape = ScalarShape(
            words: "the path or URL of a revocation list",
            examples: ["pki/clients.crl", "http://pki.example.org/clients.crl"])
        return ValueType(shape: .scalar(shape)) { node, path, session in
            guard let text = ValueType<String>.singleText(node, shape, path, session) else { return nil }
            do throws(ValueError) {
                if text.contains("://") { return .url(try DocumentURL.checked(text)) }
                try ValueType<String>.checkPath(text)
            } catch {
                session.report(error, at: node.span, path: path)
                return nil
            }
            let absolute = session.absolute(text, namedAt: node.span)
            return session.checkRevocationList(absolute, shown: text, at: node.span, path) ? .file(absolute) : nil
        } text: {
            $0.text
        }
    }
}

extension ValueType<AuthorityStatus.Responder> {
    /// `true` or a URL.
    static func responder() -> ValueType {
        let shape = ScalarShape(
            words: "true or the URL of a responder", pattern: "true|https?://.+",
            examples: ["true", "http://ocsp.example.org/"])
        return .scalar(shape) { responder in
            switch responder {
            case .none: "none"
            case .named: "true"
            case .url(let url): url
            }
        } parse: { text throws(ValueError) in
            if text == "true" { return .named }
            guard text.contains("://") else {
                throw ValueError(
                    message: "\"\(text)\" is neither true nor a URL", label: "expected \(shape.words)",
                    help: ["false", "no", "off"].contains(text.lowercased()) ? ["remove the key to ask nobody"] : [])
            }
            return .url(try DocumentURL.checked(text))
        }
    }
}

/// Addresses of documents that the gateway fetches itself.
enum DocumentURL {
    /// An absolute http or https URL without user name and fragment, at most 2048 characters of visible ASCII.
    static func checked(_ text: String) throws(ValueError) -> String {
        let form = "http://HOST/PATH or https://HOST/PATH"
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ValueError(message: "the URL is too long or has characters that a URL cannot have", label: form)
        }
        if text.contains("#") || text.contains(where: { "\"<>\\^`{|}".contains($0) }) {
            throw ValueError(message: "the URL has a fragment or characters that a URL cannot have", label: form)
        }
        let afterScheme = text.firstRange(of: "://")?.upperBound ?? text.endIndex
        let end = text[afterScheme...].firstIndex { $0 == "/" || $0 == "?" } ?? text.endIndex
        do throws(ValueError) {
            _ = try UpstreamTarget(parsing: String(text[..<end]))
        } catch {
            throw ValueError(message: error.message, label: form)
        }
        return text
    }
}

extension LoadSession {
    /// More is not read from a file with a revocation list, bytes; PEM needs a third more than DER.
    static let maximumListFile = 48 << 20

    /// Whether the file can be read and looks like a revocation list; if not, that has been reported.
    func checkRevocationList(_ path: String, shown: String, at span: Span, _ keyPath: KeyPath) -> Bool {
        do throws(FileReadError) {
            let bytes = try files.read(path, limit: Self.maximumListFile)
            // A SEQUENCE: DER.
            if bytes.first == 0x30 { return true }
            let labels = PEMInspection.labels(in: bytes)
            if labels.contains("X509 CRL") { return true }
            report(
                .wrongPEM, "file \(shown) holds no revocation list", at: span,
                label: labels.contains("CERTIFICATE") ? "it holds certificates" : nil,
                help: ["a list is a PEM block X509 CRL, or DER"], path: keyPath)
        } catch {
            report(.fileUnreadable, "file \(shown) \(error.words)", at: span, path: keyPath)
        }
        return false
    }
}
