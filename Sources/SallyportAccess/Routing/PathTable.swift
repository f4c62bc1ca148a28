import SallyportConfig
import SallyportHTTP

/// The routes of one host by path: a request costs one look-up for the exact path and one for each length of prefix
/// that is configured and that ends where a segment of the path ends, whatever the number of routes.
struct PathTable: Sendable {
    /// By hash of the path; routes of one path stand together, most specific first. The keys are the operator's, so
    /// a client that finds a collision gains a comparison and nothing else.
    private let exact: [UInt64: [CompiledRoute]]
    private let prefixes: [UInt64: [CompiledRoute]]
    /// Longest first.
    private let prefixLengths: [Int]

    init(_ routes: [CompiledRoute]) {
        let ordered = routes.sorted { ($1.rank, $0.position) < ($0.rank, $1.position) }
        exact = Dictionary(grouping: ordered.filter { !$0.isPrefix }) { $0.pathHash }
        prefixes = Dictionary(grouping: ordered.filter(\.isPrefix)) { $0.pathHash }
        prefixLengths = Set(ordered.filter(\.isPrefix).map(\.path.count)).sorted(by: >)
    }

    func find(_ head: borrowing RequestHead, _ search: inout RouteSearch) -> CompiledRoute? {
        let path = head.bytes.span.extracting(head.path)
        if !exact.isEmpty, let routes = exact[pathHash(path)] {
            if let found = first(of: routes, path: path, head, &search) { return found }
        }
        for length in prefixLengths where length <= path.count && endsSegment(path, at: length) {
            let prefix = path.extracting(0..<length)
            guard let routes = prefixes[pathHash(prefix)] else { continue }
            if let found = first(of: routes, path: prefix, head, &search) { return found }
        }
        return nil
    }

    private func endsSegment(_ path: Span<UInt8>, at length: Int) -> Bool {
        length == path.count || path[length] == UInt8(ascii: "/")
    }

    private func first(
        of routes: [CompiledRoute], path: Span<UInt8>, _ head: borrowing RequestHead, _ search: inout RouteSearch
    ) -> CompiledRoute? {
        for route in routes where route.isAt(path) && headersMatch(route, head) {
            if methodMatches(route, head) { return route }
            search.otherMethods.append(contentsOf: route.route.match.methods)
        }
        return nil
    }

    private func methodMatches(_ route: CompiledRoute, _ head: borrowing RequestHead) -> Bool {
        if route.methods.isEmpty { return true }
        let method = head.bytes[head.method]
        return route.methods.contains { method.elementsEqual($0) }
    }

    private func headersMatch(_ route: CompiledRoute, _ head: borrowing RequestHead) -> Bool {
        for wanted in route.headers where !head.hasSingle(wanted.name, equalTo: wanted.value) { return false }
        return true
    }
}

/// FNV-1a, 64 bits.
func pathHash(_ bytes: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in bytes.indices {
        hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3
    }
    return hash
}

func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
}
