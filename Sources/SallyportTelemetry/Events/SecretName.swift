/// Tells by its name whether a value may be a secret.
enum SecretName {
    private static let parts = [
        "authorization", "cookie", "passw", "passphrase", "token", "secret", "credential", "apikey", "privatekey",
    ]

    /// Case and separators do not matter; a name whose last word is `key` counts too.
    static func matches(_ name: String) -> Bool {
        let words = words(of: name)
        let joined = words.joined()
        return words.last == "key" || parts.contains { joined.contains($0) }
    }

    /// `x-apiKey` is `x`, `api`, `key`.
    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var previousIsLower = false
        for character in name {
            if character.isUppercase && previousIsLower || !character.isLetter && !character.isNumber {
                words.append(word)
                word = ""
            }
            if character.isLetter || character.isNumber { word += character.lowercased() }
            previousIsLower = character.isLowercase
        }
        return (words + [word]).filter { !$0.isEmpty }
    }
}
