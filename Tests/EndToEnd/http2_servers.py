"""Upstreams that speak HTTP/2 over the sockets of `servers`: a well-behaved one made with `h2`, and raw frames for the others."""

import dataclasses
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import hpack
from hyperframe.frame import (
    DataFrame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclasses.dataclass
class Request2:
    """One request as it arrived, with fields in order."""

    stream: int
    fields: list
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    ended: bool = False

    def get(self, name):
        values = [value for key, value in self.fields if key == name]
        assert len(values) <= 1, f"{name} stands {len(values)} times: {values}"
        return values[0] if values else None


class Http2:
    """A connection of the `h2` library over a test's socket; `h2` itself refuses what a client must not send."""

    def __init__(self, connection, *, settings=None, refill=True):
        self.connection, self.refill, self.lock = connection, refill, threading.RLock()
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
        if settings:
            self.h2.local_settings = h2.settings.Settings(client=False, initial_values={
                **{key: value for key, value in self.h2.local_settings.items()}, **settings})
        self.h2.initiate_connection()
        self.requests = {}
        self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.connection.send(data)

    def events(self):
        """What one read brings."""
        data = self.connection.socket.recv(65536)
        if not data:
            return None
        with self.lock:
            events = self.h2.receive_data(data)
            for event in events:
                self.note(event)
            self.flush()
        return events

    def note(self, event):
        if isinstance(event, h2.events.RequestReceived):
            request = Request2(event.stream_id, list(event.headers))
            self.requests[event.stream_id] = request
            self.connection.server.requests.append(request)
        elif isinstance(event, h2.events.DataReceived):
            self.requests[event.stream_id].body += event.data
            if self.refill and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.requests[event.stream_id].trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            self.requests[event.stream_id].ended = True

    def reply(self, *arguments, **options):
        with self.lock:
            self._reply(*arguments, **options)

    def _reply(self, stream, body=b"hello\n", status=200, fields=(), trailers=None, length=True):
        head = [(":status", str(status)), *fields]
        if length:
            head.append(("content-length", str(len(body))))
        self.h2.send_headers(stream, head, end_stream=not body and trailers is None)
        self.send_body(stream, body, end=trailers is None)
        if trailers is not None:
            self.h2.send_headers(stream, trailers, end_stream=True)
        self.flush()

    def send_body(self, stream, body, *, end):
        """Waits for windows where it must."""
        while body:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                self.flush()
                if self.events() is None:
                    return
                continue
            piece, body = body[:room], body[room:]
            self.h2.send_data(stream, piece, end_stream=end and not body)
            self.flush()


def answers(handler=None, **options):
    """A behaviour: each whole request is answered by `handler(http2, request)`."""
    def behaviour(connection):
        http2 = Http2(connection, **options)
        done = set()
        while (events := http2.events()) is not None:
            for request in list(http2.requests.values()):
                if request.ended and request.stream not in done:
                    done.add(request.stream)
                    (handler or (lambda one, what: one.reply(what.stream)))(http2, request)
    return behaviour


class Raw:
    """A connection of single frames, for what no library would send."""

    def __init__(self, connection, settings=None):
        self.connection, self.encoder = connection, hpack.Encoder()
        connection.read_exactly(len(PREFACE))
        if settings is not False:
            self.send(SettingsFrame(0, settings=settings or {}))

    def send(self, *frames):
        self.connection.send(b"".join(frame.serialize() for frame in frames))

    def read_frame(self):
        head = self.connection.read_exactly(9)
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        return kind, flags, int.from_bytes(head[5:], "big") & 0x7FFF_FFFF, self.connection.read_exactly(length)

    def read_request(self, *, whole=True):
        """The stream of the next request; with `whole` after its end."""
        found = None
        while True:
            kind, flags, stream, payload = self.read_frame()
            if kind == SettingsFrame.type and not flags & 1:
                acknowledgement = SettingsFrame(0)
                acknowledgement.flags.add("ACK")
                self.send(acknowledgement)
            elif kind == HeadersFrame.type:
                found = stream
                self.connection.server.requests.append((stream, payload))
                if flags & 1 or not whole:
                    return found
            elif kind == DataFrame.type and flags & 1:
                return found

    def head(self, stream, *fields, end=False, status="200"):
        frame = HeadersFrame(stream, self.encoder.encode([(":status", status), *fields]))
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
        return frame

    def fields(self, stream, fields, end=False):
        frame = HeadersFrame(stream, self.encoder.encode(fields))
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
        return frame

    @staticmethod
    def data(stream, content, end=False):
        frame = DataFrame(stream, content)
        if end:
            frame.flags.add("END_STREAM")
        return frame

    @staticmethod
    def reset(stream, code):
        return RstStreamFrame(stream, error_code=int(code))

    @staticmethod
    def goaway(last, code=0):
        return GoAwayFrame(0, last_stream_id=last, error_code=int(code))

    @staticmethod
    def ping():
        return PingFrame(0, opaque_data=b"01234567")

    @staticmethod
    def window(stream, increment):
        return WindowUpdateFrame(stream, window_increment=increment)
