import SallyportHTTP
import SallyportModel

/// What a trial of a request is told that does not stand in the configuration: keys of issuers, API keys, bans.
package struct TrialEvidence: Sendable {
    /// What the token and the API key of the request came to.
    package struct Finding: Sendable {
        package var steps: [String]
        /// With what they prove.
        package var caller: Caller
        package var refusal: Reason?

        package init(steps: [String] = [], caller: Caller, refusal: Reason? = nil) {
            self.steps = steps
            self.caller = caller
            self.refusal = refusal
        }
    }

    package typealias Identify = @Sendable (RequestHead, CompiledPolicy, Caller) -> Finding
    package typealias Ban = @Sendable (_ address: [UInt8], _ names: [String]) -> (reason: Reason, words: String)?

    package let identify: Identify
    /// The ban that holds for an address or one of the names.
    package let ban: Ban

    package init(
        identify: @escaping Identify = { _, _, caller in
            Finding(steps: ["tokens and API keys are not judged here"], caller: caller)
        }, ban: @escaping Ban = { _, _ in nil }
    ) {
        self.identify = identify
        self.ban = ban
    }
}
