extension GatewayStatus {
    /// What callers are checked with.
    package struct Callers: Sendable, Encodable {
        package var issuers: [Issuer]
        package var apiKeys: APIKeys

        /// An issuer of signed tokens.
        package struct Issuer: Sendable, Encodable {
            package var issuer: String
            /// Keys that are in use.
            package var keys: Int
            /// Why they could not be fetched the last time.
            package var problem: String?
        }

        package struct APIKeys: Sendable, Encodable {
            /// Nil: the file could not be used since the start, and every key is refused.
            package var count: Int?
            /// Why the file could not be used the last time.
            package var problem: String?
        }
    }
}
