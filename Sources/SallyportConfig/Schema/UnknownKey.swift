/// What to say about a key that is not known where it stands.
enum UnknownKey {
    /// - Parameter near: The key that was probably meant, if any.
    static func help(_ key: String, near: String?, known: [String], at path: KeyPath) -> [String] {
        if let near { return ["did you mean `\(near)`?"] }
        let elsewhere = KeyIndex.places(of: key, near: path)
        if let place = elsewhere.first { return ["`\(place.key)` belongs under \(place.parent)"] }
        return ["known here: " + known.joined(separator: ", ")]
    }
}
