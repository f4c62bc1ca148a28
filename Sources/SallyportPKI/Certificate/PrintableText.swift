/// Text from outside on its way into a log or an error message.
package enum PrintableText {
    /// At most `limit` characters, every invisible one replaced by its number.
    package static func make(_ text: String, limit: Int = 512) -> String {
        var printable = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            if scalar.isUnsafeInNames {
                printable += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                printable.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > limit ? printable + "…" : printable
    }
}
