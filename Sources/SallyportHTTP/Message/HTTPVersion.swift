/// The version in which a message travels on one hop. What a message means does not depend on it (RFC 9110 §2.5).
package enum HTTPVersion: UInt8, Sendable, Comparable {
    case http10, http11, http2

    package static func < (left: HTTPVersion, right: HTTPVersion) -> Bool { left.rawValue < right.rawValue }
}
