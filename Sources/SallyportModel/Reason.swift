/// Why something was refused or failed, as a value with a stable code.
///
/// A code is written `SP` and four digits and never changes its meaning. The family is the first digit:
/// 1 configuration, 2 handshake and certificate, 3 authentication and authorization, 4 request limits and
/// malformed HTTP, 5 upstream, 6 AI, 7 MCP, 8 store and cluster, 9 internal.
///
/// The catalogue (`Reason.all`) is the only source of `sallyport explain SPnnnn`, of the reason reference page,
/// and of the HTTP status a client sees. A client is shown the code and the title; explanation and fix are for the
/// operator.
package struct Reason: Sendable {
    /// The four digits behind `SP`.
    package let code: UInt16
    /// One short phrase without a value in it; safe to show to a client.
    package let title: StaticString
    /// What it means and how it comes about, in one to three sentences, for the operator.
    package let explanation: StaticString
    /// What to do about it: a command or an edit, for the operator.
    package let fix: StaticString
    /// The HTTP status of the reply, where an HTTP reply can be given at all.
    package let status: UInt16?
    /// Who is to blame.
    package let origin: Origin

    package enum Origin: String, Sendable { case client, gateway, upstream, configuration }

    package init(
        _ code: UInt16, _ title: StaticString, status: UInt16? = nil, origin: Origin,
        explanation: StaticString, fix: StaticString
    ) {
        self.code = code
        self.title = title
        self.explanation = explanation
        self.fix = fix
        self.status = status
        self.origin = origin
    }

    /// The code as people read it: `SP3001`.
    package var name: String { "SP\(code)" }
}

extension Reason: Hashable {
    package static func == (left: Reason, right: Reason) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

extension Reason {
    /// Every reason there is, by ascending code. A test proves that codes are unique and families are in order.
    package static let all: [Reason] = [
        configurationReasons,
        limitConfigurationReasons,
        acmeConfigurationReasons,
        hostConfigurationReasons,
        callerConfigurationReasons,
        handshakeReasons,
        fingerprintReasons,
        certificateReasons,
        issuingReasons,
        fetchReasons,
        certificateLifeReasons,
        revocationReasons,
        acmeReasons,
        accessReasons,
        policyReasons,
        credentialReasons,
        requestReasons,
        limitReasons,
        http2Reasons,
        deadlineReasons,
        edgeReasons,
        upstreamReasons,
        upstreamTLSReasons,
        upstreamHTTP2Reasons,
        forwardingReasons,
        balanceReasons,
        internalReasons,
        lifeReasons,
        telemetryReasons,
        clusterReasons,
        storeReasons,
    ].flatMap(\.self).sorted { $0.code < $1.code }

    /// The reason with this code, for `sallyport explain`.
    package static func named(_ name: some StringProtocol) -> Reason? {
        all.first { $0.name == name.uppercased() }
    }
}
