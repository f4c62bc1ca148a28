import SallyportModel

/// What `status` says of revocation. Times are seconds since 1970.
package struct RevocationStatus: Sendable, Encodable {
    package var sources: [Source]
    /// Lines on the deny list.
    package var denied: Int

    package struct Source: Sendable, Encodable {
        package var authority: String
        /// Path or URL.
        package var location: String
        package var lists: [List]
        /// With its code, when the newest attempt failed or a list is out of date.
        package var problem: String?
        package var nextLook: Int64
    }

    package struct List: Sendable, Encodable {
        package var title: String
        package var entries: Int
        package var thisUpdate: Int64
        package var nextUpdate: Int64
    }
}
