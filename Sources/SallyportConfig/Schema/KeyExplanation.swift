/// What `sallyport explain KEY.PATH` prints about a configuration key; nil when there is no such key.
///
/// Letter case makes no difference, and keys are found with and without the names of one's own in between:
/// `tlsProfiles.strict.base`, `tlsProfiles.NAME.base` and `tlsProfiles.base` are the same key.
package func explain(keyPath: String) -> String? {
    nil
}
