import SallyportModel

extension TokenFault {
    /// What the client and the log are told.
    package var reason: Reason {
        switch self {
        case .tooLarge: .tokenTooLarge
        case .malformed: .tokenMalformed
        case .algorithm: .tokenAlgorithmRefused
        case .header: .tokenHeaderRefused
        case .unknownKey: .tokenKeyUnknown
        case .signature: .tokenSignatureWrong
        case .issuer: .tokenIssuerWrong
        case .audience: .tokenAudienceWrong
        case .expired: .tokenExpired
        case .notYetValid: .tokenNotYetValid
        case .claimMissing: .tokenClaimMissing
        case .boundElsewhere: .tokenBoundElsewhere
        case .notBound: .tokenNotBound
        case .keysUnavailable: .tokenKeysUnavailable
        case .inactive: .tokenInactive
        case .unavailable: .introspectionUnavailable
        case .busy: .introspectionBusy
        }
    }
}
