import SallyportConfig
import SallyportModel
import SallyportPKI

/// What one generation demands of revocation, with its files read: made off the event loops, and put into service
/// together with the generation.
struct RevocationPlan: Sendable {
    /// Only those whose status is looked up, by name.
    var authorities: [String: AuthorityStatus] = [:]
    var anchors: [String: [TrustAnchor]] = [:]
    /// What the operator's files hold, read just now; a source that is missing here keeps what it had.
    var lists: [ListSource: [CertificateList]] = [:]
    /// What the files looked like before they were read.
    var marks: [ListSource: FileMark] = [:]
    /// Set when the built-in authority is used.
    var local: LocalAuthority?
    var withdrawn: Set<String> = []
    var denied = DenyList.empty

    static let nothing = RevocationPlan()

    private init() {}

    /// - Parameters:
    ///   - anchors: of every authority that vouches for somebody, by name.
    ///   - held: the lists in use; an older one from the same file refuses the plan.
    ///   - readsFiles: false leaves the operator's files alone.
    /// - Throws: for a file that cannot be read, holds no list or a forged one.
    init(
        _ configuration: Configuration, anchors: [String: [TrustAnchor]], local: LocalAuthority?, state: StateDirectory,
        held: [ListSource: [CertificateList]], readsFiles: Bool
    ) throws(PKIError) {
        self.anchors = anchors
        self.local = local
        for name in anchors.keys {
            guard let status = configuration.authorities[name]?.status, !status.isUnused else { continue }
            authorities[name] = status
            guard readsFiles else { continue }
            for source in ListSource.all(of: name, status) {
                guard case .file(let path) = source.location else { continue }
                marks[source] = FileMark(path: path)
                lists[source] = try Self.read(path, replacing: held[source] ?? [], anchors: anchors[name] ?? [])
            }
        }
        (withdrawn, denied) = try Self.ownRecords(local, state)
    }

    static func read(
        _ path: String, replacing held: [CertificateList], anchors: [TrustAnchor]
    ) throws(PKIError) -> [CertificateList] {
        let lists = try CertificateListFile.lists(at: path)
        for list in lists {
            do throws(RevocationFault) {
                try ListAcceptance.check(list, replacing: held, anchors: anchors)
            } catch {
                throw PKIError(error.reason, path, error.detail)
            }
        }
        return lists
    }

    /// The built-in authority's registry and the deny list.
    static func ownRecords(
        _ local: LocalAuthority?, _ state: StateDirectory
    ) throws(PKIError) -> (withdrawn: Set<String>, denied: DenyList) {
        let withdrawn = try local.map { authority throws(PKIError) in try authority.revokedSerials() } ?? []
        return (withdrawn, DenyList(try DenyListFile(state).entries()))
    }
}
