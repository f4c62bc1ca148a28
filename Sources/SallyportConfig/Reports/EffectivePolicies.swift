/// What holds on each route in the end, for `check --policies`: listener, match, who, client certificate, limits,
/// upstream.
package enum EffectivePolicies {
    package static func text(_ configuration: Configuration) -> String {
        ""
    }

    package static func json(_ configuration: Configuration) -> String {
        JSONValue.array([]).pretty
    }
}
