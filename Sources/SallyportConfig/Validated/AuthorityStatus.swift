/// How the status of an authority's certificates is looked up.
package struct AuthorityStatus: Sendable, Hashable {
    /// Complete revocation lists.
    package var lists: [Location]
    /// Lists of the changes since.
    package var deltas: [Location]
    /// How often lists are fetched; nil: by their own nextUpdate.
    package var refresh: Duration?
    /// How old a list may be; nil: until its nextUpdate.
    package var maximumAge: Duration?
    package var responder: Responder
    package var whenUnknown: WhenUnknown

    package enum Location: Sendable, Hashable {
        /// Absolute path.
        case file(String)
        /// `http` or `https`.
        case url(String)

        package var text: String {
            switch self {
            case .file(let path): path
            case .url(let url): url
            }
        }
    }

    package enum Responder: Sendable, Hashable {
        case none
        /// The URL that the certificate names.
        case named
        case url(String)
    }

    package enum WhenUnknown: String, Sendable, CaseIterable { case deny, allow }

    package init(
        lists: [Location] = [], deltas: [Location] = [], refresh: Duration? = nil, maximumAge: Duration? = nil,
        responder: Responder = .none, whenUnknown: WhenUnknown = .deny
    ) {
        self.lists = lists
        self.deltas = deltas
        self.refresh = refresh
        self.maximumAge = maximumAge
        self.responder = responder
        self.whenUnknown = whenUnknown
    }

    /// Nothing says what the status of a certificate is, so none is asked for.
    package var isUnused: Bool { lists.isEmpty && deltas.isEmpty && responder == .none }
}
