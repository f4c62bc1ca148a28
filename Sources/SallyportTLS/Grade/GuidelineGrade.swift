import SallyportPKI

/// How a posture stands against a guideline.
package struct GuidelineGrade: Sendable {
    package let guideline: Guideline
    /// What is not as the guideline says, the required first.
    package let findings: [Finding]
    /// What could not be found out; with that nothing is proved.
    package let gaps: [String]

    package struct Finding: Sendable, Equatable {
        /// The section of the guideline.
        package let place: String
        package let weight: Guideline.Weight
        /// What the server does.
        package let seen: String
        package let fix: String
    }

    package enum Result: String, Sendable {
        case pass, fail
        /// Nothing speaks against it, and not everything could be seen.
        case unproven
    }

    package var result: Result {
        if findings.contains(where: { $0.weight == .required }) { return .fail }
        return gaps.isEmpty ? .pass : .unproven
    }

    package init(_ guideline: Guideline, of posture: ServerPosture) {
        self.guideline = guideline
        gaps = posture.gaps
        let found = guideline.demands.compactMap { demand in
            demand.rule.violation(by: posture).map {
                Finding(place: demand.place, weight: demand.weight, seen: $0, fix: demand.fix)
            }
        }
        findings = found.filter { $0.weight == .required } + found.filter { $0.weight == .advised }
    }
}

extension Guideline.Rule {
    /// What speaks against the rule, in words; nil when it holds.
    func violation(by posture: ServerPosture) -> String? {
        switch self {
        case .versions(let allowed):
            Self.list(posture.versions.filter { !allowed.contains($0) }.map(\.name), "speaks")
        case .versionSpoken(let version):
            posture.versions.contains(version) ? nil : "does not speak \(version.name)"
        case .suites(let allowed):
            Self.list(posture.suites.filter { !allowed.contains($0.rawValue) }.map(\.name), "agrees to")
        case .suiteKinds(let forbidden):
            Self.list(
                posture.suites.filter { $0.kind.map(forbidden.contains) ?? true }.map(\.name), "agrees to")
        case .groups(let allowed):
            Self.groups(posture.groups.filter { !allowed.contains($0) }.map(\.name))
        case .anyGroup(let wanted):
            posture.groups.contains(where: wanted.contains)
                ? nil : "agrees to none of the groups " + wanted.map(\.name).joined(separator: ", ")
        case .primeBits(let least):
            posture.primeBits.flatMap { $0 < least ? "uses a Diffie-Hellman group of \($0) bits" : nil }
        case .keys, .certificateSignatures, .certificateDays: certificateViolation(by: posture)
        default: habitViolation(by: posture)
        }
    }

    private func certificateViolation(by posture: ServerPosture) -> String? {
        guard !posture.certificates.isEmpty else { return "no certificate could be seen" }
        let bad: [String] = posture.certificates.compactMap { certificate in
            switch self {
            case .keys(let rule): rule.allows(certificate.key) ? nil : "\(certificate.key)"
            case .certificateSignatures(let allowed):
                allowed.contains(certificate.signature) ? nil : "signed with \(certificate.signature)"
            case .certificateDays(let most): certificate.days <= most ? nil : "valid for \(certificate.days) days"
            default: nil
            }
        }
        return Self.list(bad, "has a certificate:")
    }

    private func habitViolation(by posture: ServerPosture) -> String? {
        let bad: (Bool, String) =
            switch self {
            case .noWeakSignatures:
                (posture.schemes.contains(where: \.isWeak), "signs with a weak hash when a client wants it")
            case .noCompression: (posture.compresses, "compresses before it encrypts")
            case .secureRenegotiation:
                (posture.hasSecureRenegotiation == false, "does not answer renegotiation_info")
            case .extendedMasterSecret:
                (posture.hasExtendedMasterSecret == false, "does not answer extended_master_secret")
            case .clientOrder: (posture.prefersOwnOrder == true, "chooses cipher suites by its own order")
            case .fallbackRefused: (posture.refusesFallback == false, "lets a client fall back to an older version")
            default: (false, "")
            }
        return bad.0 ? bad.1 : nil
    }

    private static func groups(_ names: [String]) -> String? {
        list(names, names.count == 1 ? "agrees to the group" : "agrees to the groups")
    }

    /// At most eight names.
    private static func list(_ names: [String], _ words: String) -> String? {
        guard !names.isEmpty else { return nil }
        let rest = names.count > 8 ? " and \(names.count - 8) more" : ""
        return "\(words) " + names.prefix(8).joined(separator: ", ") + rest
    }
}

extension Guideline.KeyRule {
    func allows(_ key: CertificateStrength.Key) -> Bool {
        switch key {
        case .rsa(let bits): rsaBits.map { bits >= $0 } ?? false
        case .elliptic(let curve): curves.contains(curve)
        case .edwards: edwards
        case .postQuantum(let name): postQuantum.contains(name)
        case .other: false
        }
    }
}

extension ServerPosture {
    package var suites: [CipherSuite] { suites13 + suites12 }
}

extension CertificateStrength.Key: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rsa(let bits): "RSA of \(bits) bits"
        case .elliptic(let curve): "ECDSA on \(curve)"
        case .edwards(let name), .postQuantum(let name), .other(let name): name
        }
    }
}
