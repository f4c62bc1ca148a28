import SallyportConfig
import SallyportHTTP
import SallyportModel

/// The server's side of the CORS protocol (Fetch standard §3.2).
struct CompiledCrossOrigin: Sendable {
    private let policy: CrossOrigin
    private let exact: Set<String>
    /// Scheme and what stands behind the one free label: `("https://", ".example.org:8443")`.
    private let wildcards: [(scheme: String, suffix: String)]

    init(_ policy: CrossOrigin) {
        self.policy = policy
        guard case .listed(let origins) = policy.origins else {
            (exact, wildcards) = ([], [])
            return
        }
        exact = Set(origins.filter { !$0.contains("*") })
        wildcards = origins.compactMap { origin in
            guard let star = origin.firstIndex(of: "*") else { return nil }
            return (String(origin[..<star]), String(origin[origin.index(after: star)...]))
        }
    }

    func allows(_ origin: String) -> Bool {
        if policy.origins == .any || exact.contains(origin) { return true }
        return wildcards.contains { scheme, suffix in
            guard origin.hasPrefix(scheme), origin.hasSuffix(suffix), origin.utf8.count > scheme.utf8.count + suffix.utf8.count
            else { return false }
            return !origin.dropFirst(scheme.count).dropLast(suffix.count).contains(where: { ".:/".contains($0) })
        }
    }

    /// Fields for the response to a page of this origin.
    func fields(for origin: String) -> [(name: String, value: String)] {
        var fields = leave(for: origin)
        if !policy.expose.isEmpty {
            fields.append(("access-control-expose-headers", policy.expose.joined(separator: ", ")))
        }
        return fields
    }

    /// Who may read; caches are told where the answer depends on who asks.
    private func leave(for origin: String) -> [(name: String, value: String)] {
        guard policy.origins != .any else { return [("access-control-allow-origin", "*")] }
        var fields = [("vary", "origin")]
        guard allows(origin) else { return fields }
        fields.append(("access-control-allow-origin", origin))
        if policy.credentials { fields.append(("access-control-allow-credentials", "true")) }
        return fields
    }

    /// The answer to a preflight request; nil when something it asks for is not allowed.
    func preflight(origin: String, method: String, headers: [String]) -> [(name: String, value: String)]? {
        guard allows(origin), policy.methods.contains(method), headers.allSatisfy(policy.headers.contains) else {
            return nil
        }
        var fields = leave(for: origin)
        fields.append(("access-control-allow-methods", policy.methods.joined(separator: ", ")))
        if !policy.headers.isEmpty {
            fields.append(("access-control-allow-headers", policy.headers.joined(separator: ", ")))
        }
        fields.append(("access-control-max-age", "\(policy.maxAge.components.seconds)"))
        return fields
    }
}

extension CompiledPolicy {
    package enum CrossOriginAnswer: Sendable {
        /// Not a preflight request; these fields go with the response.
        case goOn([(name: String, value: String)])
        /// A preflight request, which asks the gateway and not the upstream. It comes without credentials, so it is
        /// answered before anybody is asked who it is.
        case allowed([(name: String, value: String)])
        case refused
    }

    /// Response fields that belong to the gateway where it answers for the upstream.
    package static let crossOriginAnswers = [
        "access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers",
    ]

    package var answersCrossOrigin: Bool { cors != nil }

    package func crossOrigin(_ head: borrowing RequestHead) -> CrossOriginAnswer {
        guard let cors else { return .goOn([]) }
        let origins = head.values(of: "origin")
        guard let origin = origins.first, origins.count == 1 else { return .goOn(cors.fields(for: "")) }
        guard head.methodKind == .options, let method = head.values(of: "access-control-request-method").first else {
            return .goOn(cors.fields(for: origin))
        }
        let asked = head.values(of: "access-control-request-headers").flatMap { $0.split(separator: ",") }
            .map { $0.trimmingBlanks.lowercased() }.filter { !$0.isEmpty }
        return cors.preflight(origin: origin, method: method, headers: asked).map { .allowed($0) } ?? .refused
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? ""
    }
}
