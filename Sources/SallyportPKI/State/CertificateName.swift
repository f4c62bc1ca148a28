import SallyportModel

/// NAME of `cert client NAME`: a file name and a common name that needs no quoting anywhere.
package struct CertificateName: Sendable, Hashable {
    package let text: String

    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, no leading dot or dash.
    package init(_ text: String) throws(PKIError) {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), bytes.first != UInt8(ascii: "."), bytes.first != UInt8(ascii: "-"),
            bytes.allSatisfy({ $0.isASCIILetterOrDigit || "._-".utf8.contains($0) })
        else {
            throw PKIError(
                .certificateNameInvalid, "\"\(PrintableText.make(text, limit: 80))\"",
                "it must be 1 to 64 of A-Z a-z 0-9 . _ - without a leading dot or dash")
        }
        self.text = text
    }
}
