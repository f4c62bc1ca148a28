"""A client of HTTP/2 that sends whatever frames a test wants, in whatever order, and reads replies strictly."""

import dataclasses
import ssl
import struct
import time

import hpack
import hyperframe.frame as frames

from clients import Client, Closed, Reply, context_for

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED = range(6)
FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(6, 12)


@dataclasses.dataclass
class Reset(Exception):
    """The gateway reset the stream."""

    code: int


@dataclasses.dataclass
class GoneAway(Exception):
    """The gateway ended the connection."""

    code: int
    last_stream: int


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame as raw bytes; `length` may lie."""
    return struct.pack(">I", len(payload) if length is None else length)[1:] + struct.pack(
        ">BBI", kind, flags, stream) + payload


class HTTP2Client(Client):
    """One mutual-TLS connection that agreed on h2. Settings and pings are answered while reading."""

    def __init__(self, port, credential=None, *, preface=True, settings=None, window=1 << 24, **options):
        context = context_for(credential, authority=options.pop("authority", None), alpn=("h2",))
        super().__init__(port, context=context, **options)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.next_stream, self.streams, self.answers_settings = 1, {}, True
        self.goaway = None
        self.frames = []
        if preface:
            initial = {frames.SettingsFrame.INITIAL_WINDOW_SIZE: 65535, **(settings or {})}
            self.send(PREFACE + frames.SettingsFrame(0, settings=initial).serialize())
            if window:
                self.send(frames.WindowUpdateFrame(0, window_increment=window).serialize())

    # Sending

    def fields(self, method="GET", path="/", authority="localhost", scheme="https", fields=()):
        return [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority), *fields]

    def start(self, block=None, end=True, stream=None, **request):
        """Sends HEADERS; returns the number of the stream."""
        stream = stream or self.next_stream
        self.next_stream = max(self.next_stream, stream + 2)
        self.send(self.headers(block or self.fields(**request), stream, end))
        return stream

    def headers(self, fields, stream, end=True, end_headers=True):
        block = self.encoder.encode(fields)
        return frame(1, (1 if end else 0) | (4 if end_headers else 0), stream, block)

    def data(self, stream, content, end=False):
        self.send(frame(0, 1 if end else 0, stream, content))

    def reset(self, stream, code=CANCEL):
        self.send(frame(3, 0, stream, struct.pack(">I", code)))

    def open_window(self, stream, increment):
        self.send(frame(8, 0, stream, struct.pack(">I", increment)))

    # Reading

    def read_frame(self):
        header, length = frames.Frame.parse_frame_header(memoryview(self.read_exactly(9)))
        header.parse_body(memoryview(self.read_exactly(length)))
        return header

    def step(self):
        """Takes one frame in."""
        one = self.read_frame()
        self.frames.append(one)
        reply = self.streams.setdefault(one.stream_id, Reply(0, [], b"", complete=False)) if one.stream_id else None
        if isinstance(one, frames.SettingsFrame) and "ACK" not in one.flags:
            if self.answers_settings:
                self.send(frame(4, 1))
        elif isinstance(one, frames.PingFrame) and "ACK" not in one.flags:
            self.send(frame(6, 1, 0, one.opaque_data))
        elif isinstance(one, frames.HeadersFrame):
            self.take_fields(one, reply)
        elif isinstance(one, frames.DataFrame):
            reply.body += one.data
        elif isinstance(one, frames.RstStreamFrame):
            reply.reset = one.error_code
        elif isinstance(one, frames.GoAwayFrame):
            self.goaway = GoneAway(one.error_code, one.last_stream_id)
        if reply and "END_STREAM" in one.flags:
            reply.complete = True
        return one

    def take_fields(self, one, reply):
        assert "END_HEADERS" in one.flags
        fields = [(name, value) for name, value in self.decoder.decode(one.data)]
        assert all(name == name.lower() for name, _ in fields), fields
        if fields[0][0] != ":status":
            reply.trailers = fields
            return
        status = int(fields[0][1])
        reply.interim = getattr(reply, "interim", []) + ([status] if status < 200 else [])
        if status >= 200:
            reply.status, reply.fields = status, fields[1:]

    def read_response(self, stream, windows=True):
        """The whole response on a stream. Raises when it is reset or the connection ended."""
        while True:
            reply = self.streams.get(stream)
            if reply and reply.complete:
                return reply
            if reply and hasattr(reply, "reset"):
                raise Reset(reply.reset)
            if self.goaway and self.goaway.last_stream < stream:
                raise self.goaway
            one = self.step()
            if windows and isinstance(one, frames.DataFrame) and one.flow_controlled_length:
                self.open_window(0, one.flow_controlled_length)
                if one.stream_id == stream and "END_STREAM" not in one.flags:
                    self.open_window(stream, one.flow_controlled_length)

    def ask(self, content=None, **request):
        """A whole request and its whole response. Content goes out as the gateway opens the stream's window."""
        stream = self.start(end=content is None, **request)
        if content is not None:
            room = 65535
            while content:
                while room == 0:
                    one = self.step()
                    if isinstance(one, frames.WindowUpdateFrame) and one.stream_id == stream:
                        room += one.window_increment
                piece, content = content[:min(room, 16384)], content[min(room, 16384):]
                room -= len(piece)
                self.data(stream, piece)
            self.data(stream, b"", end=True)
        return self.read_response(stream)

    def ending(self, timeout=10):
        """The error code with which the gateway ends the connection; None when it only closes."""
        self.socket.settimeout(timeout)
        try:
            while True:
                self.step()
        except (Closed, OSError, ssl.SSLError) as error:
            assert not isinstance(error, TimeoutError), f"the connection is still open; {self.frames[-5:]}"
        return self.goaway.code if self.goaway else None

    def stream_error(self, stream):
        """The code of the reset that a stream gets."""
        try:
            reply = self.read_response(stream)
        except Reset as reset:
            return reset.code
        raise AssertionError(f"answered: {reply}")

    def is_alive(self):
        """Whether the connection still answers."""
        self.send(frame(6, 0, 0, b"liveness"))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            one = self.step()
            if isinstance(one, frames.PingFrame) and "ACK" in one.flags and bytes(one.opaque_data) == b"liveness":
                return True
        return False
