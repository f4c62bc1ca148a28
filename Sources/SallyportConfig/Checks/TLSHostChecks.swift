import SallyportModel

extension ConfigurationCheck {
    /// Looks at the `hosts` of one listener together.
    func reportHosts(_ listener: ListenerTLSDraft, _ profiles: [String: TLSProfile]) {
        var seen: [HostPattern: Span] = [:]
        for host in listener.hosts {
            if let first = seen.updateValue(host.span, forKey: host.value.host) {
                session.report(
                    .hostTwice, "\(host.value.host.text) stands twice; letter case makes no difference", at: host.span,
                    label: "again here", path: host.path, related: (first, "first here"))
            } else if isAddress(host.value.host) {
                session.report(
                    .hostIsAddress, "\(host.value.host.text) is an address, and no client sends one as server name",
                    at: host.span, help: ["set the rules on the listener itself"], path: host.path)
            } else if host.value.isSound {
                reportNames(of: host, listener)
                warnOfNoDifference(host, listener)
                warnOfWildcard(around: host, listener, profiles)
            }
        }
    }

    private func isAddress(_ pattern: HostPattern) -> Bool {
        guard case .exact(let host) = pattern else { return false }
        return host.hasPrefix("[") || HostText.isIPv4(host)
    }

    /// Only certificates that the built-in authority issues are looked at here: their names stand in the file.
    private func reportNames(of host: Located<TLSHostDraft>, _ listener: ListenerTLSDraft) {
        let certificates = host.value.certificates.isEmpty ? listener.certificates : host.value.certificates
        let known = certificates.map(\.value.namesInFile)
        if !known.contains(nil), !known.contains(where: { bears($0, host.value.host) }) {
            let all = known.compactMap(\.self).joined()
            session.report(
                .hostOutsideCertificates, "no certificate bears \(host.value.host.text)", at: host.span,
                label: "certificates: " + all.prefix(12).joined(separator: ", "),
                help: [
                    host.value.certificates.isEmpty
                        ? "add it to `names` of the listener, or give the host `names` of its own"
                        : "add it to `names` of the host"
                ], path: host.path)
            return
        }
        for certificate in host.value.certificates {
            guard let names = certificate.value.namesInFile, !bears(names, host.value.host) else { continue }
            session.warn(
                .withoutEffect, "this certificate is never shown: it does not bear \(host.value.host.text)",
                at: certificate.span, path: certificate.path)
        }
    }

    private func bears(_ names: [String]?, _ pattern: HostPattern) -> Bool {
        names.map { CertificateNames($0).meet(pattern) } ?? false
    }

    private func warnOfNoDifference(_ host: Located<TLSHostDraft>, _ listener: ListenerTLSDraft) {
        let profile = listener.profile?.value ?? Builtin.profile
        guard host.value.certificates.isEmpty, host.value.profile?.value ?? profile == profile else { return }
        // An exact name may well be taken out of a wildcard.
        if around(host, listener) != nil { return }
        session.warn(
            .withoutEffect, "the rules for \(host.value.host.text) are the listener's own", at: host.span,
            path: host.path)
    }

    /// Somebody who reads the wildcard alone must not think that it holds for this name, too.
    private func warnOfWildcard(
        around host: Located<TLSHostDraft>, _ listener: ListenerTLSDraft, _ profiles: [String: TLSProfile]
    ) {
        guard let wildcard = around(host, listener),
            let own = mode(of: host.value, listener, profiles),
            let wide = mode(of: wildcard.value, listener, profiles), own.strength < wide.strength
        else { return }
        session.warn(
            .hostWeakerThanWildcard,
            "\(host.value.host.text) has client certificates \(own.rawValue), and \(wildcard.value.host.text) around it "
                + wide.rawValue,
            at: host.span, label: "the exact name wins", path: host.path, related: (wildcard.span, "the wildcard"))
    }

    private func around(_ host: Located<TLSHostDraft>, _ listener: ListenerTLSDraft) -> Located<TLSHostDraft>? {
        guard case .exact(let name) = host.value.host else { return nil }
        return listener.hosts.first {
            guard case .wildcard(let suffix) = $0.value.host else { return false }
            return name.split(separator: ".", maxSplits: 1).last.map(String.init) == suffix
        }
    }

    private func mode(
        of host: TLSHostDraft, _ listener: ListenerTLSDraft, _ profiles: [String: TLSProfile]
    ) -> ClientCertificates.Mode? {
        profiles[host.profile?.value ?? listener.profile?.value ?? Builtin.profile]?.clientCertificates.mode
    }
}

extension ServerCertificate {
    /// The names that the file gives for it; nil when they stand in the certificate alone.
    package var namesInFile: [String]? {
        switch self {
        case .builtin(let names): names
        case .acme(let settings): settings.names
        case .files: nil
        }
    }
}

extension ClientCertificates.Mode {
    /// Grows with what a client has to show.
    var strength: Int {
        switch self {
        case .none: 0
        case .optional: 1
        case .require: 2
        }
    }
}

extension CertificateNames {
    /// Whether some host that the pattern matches is among the names.
    package func meet(_ pattern: HostPattern) -> Bool {
        switch pattern {
        case .any: true
        case .exact(let host): cover(host)
        case .wildcard(let suffix): coverSome(under: suffix)
        }
    }
}
