import FoundationEssentials

/// What `top` needs of a status.
struct TopSnapshot: Decodable, Sendable {
    var generation: Int
    var draining: Bool
    var requests: Int
    var handshakes: Int
    var refusedHandshakes: Int
    var requestRates: [Int]
    var routes: [Route]
    var upstreams: [Upstream]
    var edge: Edge

    struct Route: Decodable, Sendable {
        var name: String
        var requests: Int
        var clientErrors: Int
        var serverErrors: Int
        var durations: [Int]
    }

    struct Upstream: Decodable, Sendable {
        var name: String
        var requestsUnderWay: Int
        var pending: Int
        var circuitOpen: Bool
        var targets: [Target]

        struct Target: Decodable, Sendable { var state: String }
    }

    struct Edge: Decodable, Sendable {
        var connections: Int
        var connectionLimit: Int
        var memoryUsed: Int
        var memoryBudget: Int
        var waitingRequests: Int
        var refused: [Refused]

        struct Refused: Decodable, Sendable { var count: Int }
    }

    init(json: String) throws(CommandFailure) {
        do { self = try JSONDecoder().decode(TopSnapshot.self, from: Data(json.utf8)) } catch {
            throw CommandFailure(
                .failed, "the running gateway's status is not understood",
                fix: "it may be of another version: sallyport upgrade, or use the program that it runs")
        }
    }
}
