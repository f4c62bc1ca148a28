/// A path in the one form that routes are matched on and requests are forwarded with.
package struct NormalizedPath: Sendable, Hashable {
    package let text: String

    /// Normalises text from a configuration exactly as the path of a request.
    /// - Returns: nil when a request with that path would be refused.
    package init?(_ text: String) {
        var bytes = Array(text.utf8)
        let end: Int
        do throws(Malformation) {
            var span = bytes.mutableSpan
            end = try PathNormalizer.normalize(&span, 0..<span.count)
        } catch {
            return nil
        }
        self.text = String(decoding: bytes[..<end], as: UTF8.self)
    }
}
