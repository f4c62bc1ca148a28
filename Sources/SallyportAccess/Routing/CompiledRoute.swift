import SallyportConfig
import SallyportModel

/// A route in the form that the data plane asks: bytes instead of text, a set instead of a list.
package final class CompiledRoute: Sendable {
    package let route: Route
    /// Position in the file; the earlier of two equal routes wins.
    package let position: Int
    let path: [UInt8]
    let isPrefix: Bool
    let pathHash: UInt64
    let methods: [[UInt8]]
    let headers: [(name: [UInt8], value: [UInt8])]
    /// Names of identities; those of groups have been replaced by their members.
    let allowed: Set<String>
    /// To be taken off the front of the path before it is forwarded; empty for nothing.
    package let stripPrefix: [UInt8]
    /// To be put in front of it then; empty for nothing.
    package let addPrefix: [UInt8]
    package let policy: CompiledPolicy

    init(_ route: Route, position: Int, policy: CompiledPolicy, groups: IdentityGroups = IdentityGroups()) {
        self.route = route
        self.policy = policy
        self.position = position
        switch route.match.path {
        case .exact(let path):
            self.path = Array(path.utf8)
            isPrefix = false
        case .prefix(let path):
            self.path = Array(path.utf8)
            isPrefix = true
        }
        let path = self.path
        pathHash = SallyportAccess.pathHash(path.span)
        methods = route.match.methods.map { Array($0.utf8) }
        headers = route.match.headers.map { (Array($0.name.utf8), Array($0.value.utf8)) }
        switch route.allow {
        case .identities(let names): allowed = Set(groups.expanded(names))
        case .anyone: allowed = []
        }
        addPrefix = Array((route.forward.addPrefix ?? "").utf8)
        stripPrefix = Array((route.forward.stripPrefix ?? "").utf8)
    }

    func isAt(_ path: Span<UInt8>) -> Bool {
        let own = self.path
        return equal(own.span, path)
    }

    /// What the more specific of two routes with the same host and path has more of.
    var rank: Int { headers.count * 2 + (methods.isEmpty ? 0 : 1) }
}
