import NIOSSL
import SallyportConfig
import SallyportModel
import SallyportPKI

/// Everything a listener needs to shake hands, for one generation of the configuration. Immutable.
///
/// Session tickets are bound to it: those of another listener or generation do not resume here.
package final class ServerTLSContext: Sendable {
    /// - Parameters:
    ///   - credential: the listener's certificate chain and key.
    ///   - source: what to call the certificate in errors: its file, or the listener.
    ///   - clients: who is trusted to vouch for clients; needed unless the profile's mode is `none`.
    ///   - clock: seconds since 1970.
    package init(
        profile: TLSProfile, credential: CredentialPair, source: String, clients: ClientTrust?,
        clock: @escaping @Sendable () -> Int64 = WallClock.now
    ) throws(PKIError) {
        throw PKIError(.tlsLibraryRefused, source, "not implemented")
    }

    /// Verifies the certificate of a connection made under another generation by the rules of this one.
    ///
    /// - Parameter now: seconds since 1970.
    package func reauthorize(_ identity: Identity, at now: Int64) -> Result<Identity, ChainRefusal> {
        .failure(ChainRefusal(.resumedIdentityNotValid, "not implemented"))
    }
}
