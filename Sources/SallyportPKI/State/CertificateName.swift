import SallyportModel

/// NAME of `cert client NAME`: a file name and a common name that needs no quoting anywhere.
package struct CertificateName: Sendable, Hashable {
    package let text: String

    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, no leading dot or dash.
    package init(_ text: String) throws(PKIError) {
        throw PKIError(.certificateNameInvalid, text, "not implemented")
    }
}
