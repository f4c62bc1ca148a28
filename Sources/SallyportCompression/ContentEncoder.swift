import CBrotli
import CZlib

/// Compresses one response as it passes. Memory is bounded by the library's window: about 0.3 MiB for gzip, 2 MiB for brotli.
///
/// Not thread-safe; one exchange has it for itself. zlib and brotli do the work, this says when.
package final class ContentEncoder {
    package enum Step {
        /// Keep what does not make a full block yet.
        case more
        /// Let out everything that was taken: the sender pauses.
        case flush
        case end
    }

    package enum Failure: Error {
        /// The library would not begin or go on; its own number.
        case library(Int32)
    }

    private enum Engine {
        case gzip(UnsafeMutablePointer<z_stream>)
        case brotli(OpaquePointer)
    }

    package let coding: ContentCoding
    private let engine: Engine
    /// Something was taken since the last flush.
    package private(set) var hasPending = false

    private static let gzipLevel: Int32 = 5
    private static let gzipWindow: Int32 = 15 + 16
    private static let brotliQuality: UInt32 = 4
    private static let brotliWindow: UInt32 = 18
    private static let pieceSize = 16 << 10

    package init(_ coding: ContentCoding) throws(Failure) {
        self.coding = coding
        engine =
            switch coding {
            case .gzip: try Self.gzip()
            case .br: try Self.brotli()
            }
    }

    deinit {
        switch engine {
        case .gzip(let stream):
            deflateEnd(stream)
            stream.deinitialize(count: 1)
            stream.deallocate()
        case .brotli(let state): BrotliEncoderDestroyInstance(state)
        }
    }

    private static func gzip() throws(Failure) -> Engine {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = CZlib_deflateInit2(stream, gzipLevel, gzipWindow, 8)
        guard result == Z_OK else {
            stream.deinitialize(count: 1)
            stream.deallocate()
            throw .library(result)
        }
        return .gzip(stream)
    }

    private static func brotli() throws(Failure) -> Engine {
        guard let state = BrotliEncoderCreateInstance(nil, nil, nil) else { throw .library(0) }
        BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, brotliQuality)
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, brotliWindow)
        return .brotli(state)
    }

    /// Takes all of `input` and appends what comes out.
    package func encode(_ input: borrowing RawSpan, _ step: Step, into out: inout [UInt8]) throws(Failure) {
        hasPending = step == .more && (hasPending || input.byteCount > 0)
        let failure: Int32? = input.withUnsafeBytes { bytes in
            switch engine {
            case .gzip(let stream): Self.deflate(stream, bytes, step, &out)
            case .brotli(let state): Self.compress(state, bytes, step, &out)
            }
        }
        if let failure { throw .library(failure) }
    }

    private static func deflate(
        _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeRawBufferPointer, _ step: Step, _ out: inout [UInt8]
    ) -> Int32? {
        let mode: Int32 =
            switch step {
            case .more: Z_NO_FLUSH
            case .flush: Z_SYNC_FLUSH
            case .end: Z_FINISH
            }
        // zlib does not write through this pointer; its type is older than const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        while true {
            var result = Z_OK
            let count = append(to: &out) { room in
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = UInt32(room.count)
                result = CZlib.deflate(stream, mode)
                return room.count - Int(stream.pointee.avail_out)
            }
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { return result }
            if count < pieceSize { return step == .end && result != Z_STREAM_END ? result : nil }
        }
    }

    private static func compress(
        _ state: OpaquePointer, _ input: UnsafeRawBufferPointer, _ step: Step, _ out: inout [UInt8]
    ) -> Int32? {
        let operation: BrotliEncoderOperation =
            switch step {
            case .more: BROTLI_OPERATION_PROCESS
            case .flush: BROTLI_OPERATION_FLUSH
            case .end: BROTLI_OPERATION_FINISH
            }
        var left = input.count
        var next = input.bindMemory(to: UInt8.self).baseAddress
        while true {
            var isGood = BROTLI_TRUE
            _ = append(to: &out) { room in
                var free = room.count
                var place = room.baseAddress
                isGood = BrotliEncoderCompressStream(state, operation, &left, &next, &free, &place, nil)
                return room.count - free
            }
            guard isGood == BROTLI_TRUE else { return -1 }
            if left == 0, BrotliEncoderHasMoreOutput(state) == BROTLI_FALSE { return nil }
        }
    }

    /// Makes room for one piece, and keeps as much of it as `body` says it wrote.
    private static func append(to out: inout [UInt8], _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) -> Int {
        let piece = [UInt8](unsafeUninitializedCapacity: pieceSize) { room, count in
            count = body(UnsafeMutableBufferPointer(rebasing: room[..<pieceSize]))
        }
        out += piece
        return piece.count
    }
}
