import SallyportModel

/// Thrown by whoever takes over an established connection and does not want it.
package struct ConnectionRefused: Error {
    package let reason: Reason

    package init(_ reason: Reason) { self.reason = reason }
}
