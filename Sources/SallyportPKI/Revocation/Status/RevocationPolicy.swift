import SallyportConfig

/// What an authority's certificates need before they are let in, beyond a good chain.
package struct RevocationPolicy: Sendable, Hashable {
    /// A complete list is configured.
    package var hasLists: Bool
    /// A delta list is configured.
    package var hasDelta: Bool
    package var responder: AuthorityStatus.Responder
    package var whenStatusUnknown: AuthorityStatus.WhenUnknown
    /// How old a list may be, seconds since its thisUpdate; nil: until its nextUpdate.
    package var maximumAge: Int64?


    package init(
        hasLists: Bool = false, hasDelta: Bool = false, responder: AuthorityStatus.Responder = .none,
        whenStatusUnknown: AuthorityStatus.WhenUnknown = .deny, maximumAge: Int64? = nil
    ) {
        self.hasLists = hasLists
        self.hasDelta = hasDelta
        self.responder = responder
        self.whenStatusUnknown = whenStatusUnknown
        self.maximumAge = maximumAge
    }

    /// Nil when no status is asked for.
    package init?(_ settings: AuthorityStatus) {
        if settings.isUnused { return nil }
        self.init(
            hasLists: !settings.lists.isEmpty, hasDelta: !settings.deltas.isEmpty, responder: settings.responder,
            whenStatusUnknown: settings.whenUnknown, maximumAge: settings.maximumAge?.components.seconds)
    }
}
