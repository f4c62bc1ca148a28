/// JSON Schema 2020-12 of the configuration, for editors: `sallyport schema`.
package enum ConfigurationSchema {
    package static func json() -> String {
        JSONValue.object([]).pretty
    }
}

extension ConfigurationSchema {
    /// Keys that someone who wrote `keyPath` may have meant, best first, at most five.
    package static func suggestions(forKeyPath keyPath: String) -> [String] {
        []
    }
}
