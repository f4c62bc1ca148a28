/// Fetches documents that certificates depend on: revocation lists, OCSP responses, the messages of ACME.
///
/// What decides takes one of these, so that it runs in tests without a network. For the slow and rare only: nothing
/// that serves a request waits for it.
package protocol DocumentFetcher: Sendable {
    /// One answer of whatever status, redirects followed within the rules of the request.
    func fetch(_ request: FetchRequest) async throws(FetchFailure) -> FetchResponse
}
