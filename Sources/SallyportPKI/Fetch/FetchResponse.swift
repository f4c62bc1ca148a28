/// The answer of a server, complete and within its bounds. Nothing in it has been believed yet.
package struct FetchResponse: Sendable {
    package var status: Int
    /// Names in lower case, in the order of the answer.
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]
    /// Where the answer came from, after redirects.
    package var url: FetchURL

    package init(status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = [], url: FetchURL) {
        self.status = status
        self.fields = fields
        self.body = body
        self.url = url
    }

    /// The first field of this name, which is in lower case.
    package func value(of name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// The media type without its parameters, in lower case.
    package var mediaType: String? {
        value(of: "content-type").map { value in
            String(value.prefix { $0 != ";" && $0 != " " && $0 != "\t" }).lowercased()
        }
    }
}
