import SallyportModel

/// Which URL is asked for next, from the first one to the answer that is no redirect. Decides; connects nowhere.
package struct RedirectWalk: Sendable {
    package private(set) var url: FetchURL
    private let method: FetchRequest.Method
    private var left: Int
    /// The narrowest address that this walk may still lead to; nil before the first answer.
    private var scope: AddressScope?

    package enum Step: Sendable {
        /// The answer is the one that was wanted.
        case done
        /// Ask `url`, which has changed.
        case again
    }

    package init(_ request: FetchRequest) {
        url = request.url
        method = request.method
        left = request.bounds.redirects
    }

    /// Whether this address may be spoken to. The URL of the request may name any; a redirect may not narrow.
    /// - Parameter address: of the connection, before a byte was sent.
    package func admits(address: String) -> Bool {
        scope.map { AddressScope(ofAddress: address) >= $0 } ?? true
    }

    /// - Parameter address: that the response came from.
    package mutating func next(after response: FetchResponse, from address: String) throws(FetchFailure) -> Step {
        guard [301, 302, 303, 307, 308].contains(response.status), method != .post else { return .done }
        guard let location = response.value(of: "location") else { return .done }
        guard left > 0 else { throw refusal("it is one redirect too many") }
        guard let next = url.following(location) else { throw refusal("it leads to no http or https URL: \(location)") }
        guard next.scheme == .https || url.scheme == .http else { throw refusal("it leads from https to http") }
        left -= 1
        scope = AddressScope(ofAddress: address)
        url = next
        return .again
    }

    private func refusal(_ detail: String) -> FetchFailure { FetchFailure(.fetchRedirectRefused, url, detail) }
}
