/// The nine bytes in front of each frame (RFC 9113 §4.1).
struct HTTP2FrameHeader {
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
        case unknown = 0xFF
    }

    let length: Int
    let kind: Kind
    let flags: UInt8
    let stream: UInt32

    /// - Parameters:
    ///   - high: the first eight bytes, the first of them highest.
    init(_ high: UInt64, _ low: UInt8) {
        stream = (UInt32(truncatingIfNeeded: high) << 8 | UInt32(low)) & 0x7FFF_FFFF
        length = Int(high >> 40)
        kind = Kind(rawValue: UInt8(truncatingIfNeeded: high >> 32)) ?? .unknown
        flags = UInt8(truncatingIfNeeded: high >> 24)
    }

    /// END_STREAM of DATA and HEADERS.
    var endsStream: Bool { flags & 0x1 != 0 && (kind == .data || kind == .headers) }
    /// END_HEADERS of HEADERS and CONTINUATION.
    var endsHeaders: Bool { flags & 0x4 != 0 }
    var isPadded: Bool { flags & 0x8 != 0 && (kind == .data || kind == .headers) }
}

/// A count that may grow by so many at once and so many a second.
package struct HTTP2FrameBudget: Sendable {
    package struct Size: Sendable {
        package let burst: Int64
        package let perSecond: Int64

        package init(burst: Int64, perSecond: Int64) {
            (self.burst, self.perSecond) = (burst, perSecond)
        }
    }

    private let size: Size
    /// In billionths, so that a short time earns its part.
    private var left: Int64
    private var last: UInt64

    private static let unit: Int64 = 1_000_000_000

    init(_ size: Size, now: UInt64) {
        self.size = size
        left = size.burst * Self.unit
        last = now
    }

    /// Something happened that explains more of these.
    mutating func earn(_ count: Int64) {
        left = min(left + count * Self.unit, size.burst * Self.unit)
    }

    /// False when there is none left.
    mutating func spend(now: UInt64) -> Bool {
        if now > last {
            let elapsed = Int64(min(now - last, UInt64(Self.unit)))
            left = min(left + elapsed * size.perSecond, size.burst * Self.unit)
            last = now
        }
        guard left >= Self.unit else { return false }
        left -= Self.unit
        return true
    }
}

/// Counts frames by kind.
struct HTTP2FrameCounters: Sendable {
    private var pings: HTTP2FrameBudget
    private var settings: HTTP2FrameBudget
    private var priorities: HTTP2FrameBudget
    private var windowUpdates: HTTP2FrameBudget
    private var unknown: HTTP2FrameBudget
    private var tinyData: HTTP2FrameBudget
    private var smallData: HTTP2FrameBudget
    private var endings: HTTP2FrameBudget
    private var emptyInARow = 0
    private let maximumEmpty: Int
    /// The kind of the frame that came last.
    private(set) var current = HTTP2FrameHeader.Kind.settings

    /// DATA below this holds no whole message of any protocol that streams messages: a frame of gRPC has five bytes
    /// before the message, one of WebSocket six.
    private static let tiny = 5
    private static let small = 64

    init(limits: HTTP2FramePolicer.Limits, now: UInt64) {
        pings = HTTP2FrameBudget(limits.pings, now: now)
        settings = HTTP2FrameBudget(limits.settings, now: now)
        priorities = HTTP2FrameBudget(limits.priorities, now: now)
        windowUpdates = HTTP2FrameBudget(limits.windowUpdates, now: now)
        unknown = HTTP2FrameBudget(limits.unknown, now: now)
        tinyData = HTTP2FrameBudget(limits.tinyData, now: now)
        smallData = HTTP2FrameBudget(limits.smallData, now: now)
        endings = HTTP2FrameBudget(limits.endings, now: now)
        maximumEmpty = limits.emptyInARow
    }

    /// A peer opens its windows and measures by what it gets.
    mutating func sentData(bytes: Int) {
        pings.earn(2)
        windowUpdates.earn(10)
    }

    /// What there is too much of, or nil.
    mutating func excess(of frame: HTTP2FrameHeader, now: UInt64) -> StaticString? {
        current = frame.kind
        if let detail = excessOfEmpty(frame) { return detail }
        switch frame.kind {
        case .data: return excessOfData(frame, now: now)
        case .headers:
            endings.earn(1)
            priorities.earn(100)
            windowUpdates.earn(2)
            return nil
        case .priority: return priorities.spend(now: now) ? nil : "too many PRIORITY frames"
        case .reset, .goAway: return endings.spend(now: now) ? nil : "too many RST_STREAM or GOAWAY frames"
        case .settings: return settings.spend(now: now) ? nil : "too many SETTINGS frames"
        case .ping: return pings.spend(now: now) ? nil : "too many PING frames"
        case .windowUpdate: return windowUpdates.spend(now: now) ? nil : "too many WINDOW_UPDATE frames"
        case .unknown: return unknown.spend(now: now) ? nil : "too many frames of unknown types"
        case .pushPromise, .continuation: return nil
        }
    }

    /// DATA, HEADERS and CONTINUATION without anything in them (CVE-2019-9518).
    private mutating func excessOfEmpty(_ frame: HTTP2FrameHeader) -> StaticString? {
        switch frame.kind {
        case .data, .headers, .continuation:
            guard frame.length <= (frame.isPadded ? 1 : 0), !frame.endsStream, frame.kind == .data || !frame.endsHeaders
            else {
                emptyInARow = 0
                return nil
            }
            emptyInARow += 1
            return emptyInARow > maximumEmpty ? "too many empty frames" : nil
        default: return nil
        }
    }

    private mutating func excessOfData(_ frame: HTTP2FrameHeader, now: UInt64) -> StaticString? {
        guard frame.length < Self.small, !frame.endsStream else {
            pings.earn(2)
            return nil
        }
        if frame.length < Self.tiny { return tinyData.spend(now: now) ? nil : "too many DATA frames of less than five bytes" }
        pings.earn(2)
        return smallData.spend(now: now) ? nil : "too many DATA frames of less than 64 bytes"
    }
}
