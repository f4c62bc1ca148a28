"""Upstreams that break HTTP/2 with raw frames. No wrong answer reaches a client, neighbours live on, nothing hangs."""

import threading
import time

import pytest
from hyperframe.frame import SettingsFrame

from clients import Closed
from http2_client import HTTP2Client
from http2_servers import PREFACE, Raw

SHORT = {"connect": "1s", "request": "1s", "idle": "1s"}
ENHANCE_YOUR_CALM, REFUSED_STREAM, INTERNAL_ERROR, CANCEL, HTTP_1_1_REQUIRED = 0xB, 0x7, 0x2, 0x8, 0xD


def through(edge, upstream, **timeouts):
    return edge(upstream, upstreams={"service": {
        "targets": [upstream.url], "protocol": "http2", "timeouts": {**SHORT, **timeouts}}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])


def drain(raw):
    """Until the gateway closes."""
    while True:
        raw.read_frame()


def with_request(act, settings=None):
    def behaviour(connection):
        raw = Raw(connection, settings)
        act(raw, raw.read_request())
        drain(raw)
    return behaviour


def sends(*make):
    return with_request(lambda raw, stream: raw.send(*[one(raw, stream) for one in make]))


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def sends_bytes(make):
    return with_request(lambda raw, stream: raw.connection.send(make(raw, stream)))


def in_pieces(stream, block):
    """A header block over several frames."""
    pieces = [block[start:start + 16_000] for start in range(0, len(block), 16_000)]
    return b"".join(
        frame(9 if number else 1, (0 if number else 1) | (4 if number == len(pieces) - 1 else 0), stream, piece)
        for number, piece in enumerate(pieces))


def list_of(*fields):
    return sends(lambda raw, stream: raw.fields(stream, list(fields), end=True))


REFUSED = {
    "reset": (502, "SP5022", sends(lambda raw, stream: raw.reset(stream, INTERNAL_ERROR))),
    "cancelled": (502, "SP5022", sends(lambda raw, stream: raw.reset(stream, CANCEL))),
    "reset without error": (502, "SP5022", sends(lambda raw, stream: raw.reset(stream, 0))),
    "calm": (503, "SP5028", sends(lambda raw, stream: raw.reset(stream, ENHANCE_YOUR_CALM))),
    "wants HTTP/1.1": (502, "SP5024", sends(lambda raw, stream: raw.reset(stream, HTTP_1_1_REQUIRED))),
    "always refuses": (503, "SP5021", None),
    "content before the head": (502, "SP5005", sends(lambda raw, stream: raw.data(stream, b"x", end=True))),
    "no status": (502, "SP5005", list_of(("a", "b"))),
    "two statuses": (502, "SP5005", list_of((":status", "200"), (":status", "200"))),
    "status of four digits": (502, "SP5005", list_of((":status", "2000"))),
    "status that is no number": (502, "SP5005", list_of((":status", "1ab"))),
    "101": (502, "SP5005", list_of((":status", "101"))),
    "a request field": (502, "SP5005", list_of((":status", "200"), (":path", "/"))),
    "late status": (502, "SP5005", list_of(("a", "b"), (":status", "200"))),
    "capital name": (502, "SP5005", list_of((":status", "200"), ("Big", "b"))),
    "line end in a value": (502, "SP5005", list_of((":status", "200"), ("a", "b\r\nx-evil: 1"))),
    "line end in a name": (502, "SP5005", list_of((":status", "200"), ("a: b\r\nx-evil", "1"))),
    "colon in a name": (502, "SP5005", list_of((":status", "200"), ("a:b", "1"))),
    "zero in a value": (502, "SP5005", list_of((":status", "200"), ("a", "b\0"))),
    "connection": (502, "SP5005", list_of((":status", "200"), ("connection", "close"))),
    "transfer-encoding": (502, "SP5005", list_of((":status", "200"), ("transfer-encoding", "chunked"))),
    "length announced and none sent": (502, "SP5005", list_of((":status", "200"), ("content-length", "5"))),
    "two lengths": (502, "SP5005", list_of((":status", "200"), ("content-length", "0"), ("content-length", "0"))),
    "length with a sign": (502, "SP5005", list_of((":status", "200"), ("content-length", "+0"))),
    "too many fields": (502, "SP5007", list_of((":status", "200"), *[(f"x-{n}", "y") for n in range(300)])),
    "a field that is too long": (502, "SP5007", sends_bytes(lambda raw, stream: in_pieces(
        stream, raw.encoder.encode([(":status", "200"), ("x", "y" * 70_000)])))),
    "many interim heads": (502, "SP5005", sends(*[lambda raw, stream: raw.head(stream, status="103")] * 20)),
    "interim head at the end": (502, "SP5005", sends(lambda raw, stream: raw.head(stream, status="103", end=True))),
    "never answers": (504, "SP5002", with_request(lambda raw, stream: time.sleep(3))),
    "closes": (502, "SP5003", with_request(lambda raw, stream: raw.connection.socket.close())),
    "garbage": (502, "SP5023", sends_bytes(lambda raw, stream: b"\xff" * 4000)),
    "frame that is too large": (502, "SP5023", sends_bytes(lambda raw, stream: frame(0, 0, stream, b"x" * 20_000))),
    "content on stream 0": (502, "SP5023", sends_bytes(lambda raw, stream: frame(0, 0, 0, b"x"))),
    "head on an idle stream": (502, "SP5023", sends(lambda raw, stream: raw.head(stream + 100))),
    "a push": (502, "SP5023", sends_bytes(lambda raw, stream: frame(
        5, 4, stream, (2).to_bytes(4, "big") + raw.encoder.encode([(":method", "GET")])))),
    "settings of five bytes": (502, "SP5023", sends_bytes(lambda raw, stream: frame(4, 0, 0, b"12345"))),
    "bad compression": (502, "SP5023", sends_bytes(lambda raw, stream: frame(1, 5, stream, b"\xff\xff\xff\xff\xff\x0f"))),
    "window update of zero": (502, None, sends_bytes(lambda raw, stream: frame(8, 0, 0, bytes(4)))),
    "window that overflows": (502, "SP5023", sends(lambda raw, stream: raw.window(0, 0x7FFF_FFFF))),
    "endless continuation": (502, "SP5023", sends_bytes(lambda raw, stream: frame(1, 0, stream, b"")
                                                        + frame(9, 0, stream, b"") * 200)),
    "flood of pings": (502, None, with_request(lambda raw, stream: [raw.send(*[raw.ping()] * 100) for _ in range(300)])),
    "flood of settings": (502, None, with_request(lambda raw, stream: [raw.send(*[SettingsFrame(0)] * 100) for _ in range(300)])),
    "flood of window updates": (502, "SP5023", with_request(
        lambda raw, stream: [raw.send(*[raw.window(0, 1)] * 100) for _ in range(300)])),
    "flood of empty content": (502, None, sends_bytes(
        lambda raw, stream: raw.head(stream).serialize() + frame(0, 0, stream, b"") * 30_000)),
}


def always_refuses(connection):
    raw = Raw(connection)
    while True:
        raw.send(raw.reset(raw.read_request(), REFUSED_STREAM))


@pytest.mark.parametrize("case", REFUSED)
def test_no_wrong_answer(edge, serve, alice, case):
    status, code, behaviour = REFUSED[case]
    one = through(edge, serve(behaviour or always_refuses))
    with one.client(alice, timeout=8) as client:
        reply = client.request()
    if case == "flood of empty content":
        # The head was good and is out; an answer that is not whole must not look whole.
        assert not reply.complete
        return
    assert (reply.status, reply.complete) == (status, True), (reply.status, reply.body)
    assert code is None or reply.code == code, reply.code
    assert not reply.all("x-evil")


CUT = {
    "less content than announced": lambda raw, stream: raw.send(
        raw.head(stream, ("content-length", "9")), raw.data(stream, b"abc", end=True)),
    "reset in the content": lambda raw, stream: raw.send(
        raw.head(stream), raw.data(stream, b"abc"), raw.reset(stream, INTERNAL_ERROR)),
    "reset without error in the content": lambda raw, stream: raw.send(
        raw.head(stream), raw.data(stream, b"abc"), raw.reset(stream, 0)),
    "closes in the content": lambda raw, stream: (raw.send(
        raw.head(stream), raw.data(stream, b"abc")), raw.connection.socket.close()),
    "a head in the content": lambda raw, stream: raw.send(
        raw.head(stream), raw.data(stream, b"abc"), raw.head(stream)),
    "trailers with a status": lambda raw, stream: raw.send(
        raw.head(stream), raw.data(stream, b"abc"), raw.head(stream, end=True)),
    "garbage in the content": lambda raw, stream: (raw.send(
        raw.head(stream), raw.data(stream, b"abc")), raw.connection.send(b"\xff" * 100)),
    "stalls in the content": lambda raw, stream: (raw.send(raw.head(stream), raw.data(stream, b"abc")), time.sleep(4)),
    "GOAWAY below the stream": lambda raw, stream: raw.send(
        raw.head(stream), raw.data(stream, b"abc"), raw.goaway(0, INTERNAL_ERROR)),
}


@pytest.mark.parametrize("case", CUT)
def test_incomplete_looks_incomplete(edge, serve, alice, case):
    one = through(edge, serve(with_request(CUT[case])))
    with one.client(alice, timeout=8) as client:
        try:
            reply = client.request()
        except (Closed, OSError):
            return
        assert not reply.complete, reply


def test_more_than_announced_stays_behind(edge, serve, alice):
    one = through(edge, serve(with_request(lambda raw, stream: raw.send(
        raw.head(stream, ("content-length", "3")), raw.data(stream, b"abc"),
        raw.data(stream, b"HTTP/1.1 200 OK\r\n\r\n", end=True)))))
    with one.client(alice) as client:
        assert client.request().body == b"abc"
        assert client.is_closed()


def once(first, then):
    """The first connection does one thing, the others another."""
    def behaviour(connection):
        (first if connection.number == 0 else then)(connection)
    return behaviour


def answers_all(connection):
    raw = Raw(connection)
    while True:
        stream = raw.read_request()
        raw.send(raw.head(stream, ("content-length", "2")), raw.data(stream, b"ok", end=True))


@pytest.mark.parametrize("act", [
    lambda raw, stream: raw.send(raw.goaway(0)),
    lambda raw, stream: raw.send(raw.goaway(0, ENHANCE_YOUR_CALM)),
    lambda raw, stream: raw.send(raw.reset(stream, REFUSED_STREAM), raw.goaway(0)),
])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_not_processed_is_sent_again(edge, serve, alice, act, method):
    """The peer has promised that nothing was done: any method may be repeated."""
    one = through(edge, serve(once(with_request(act), answers_all)))
    with one.client(alice) as client:
        assert client.request(method).body == b"ok"
    assert len(one.upstream.requests) == 2


def test_what_was_processed_is_not_sent_again(edge, serve, alice):
    one = through(edge, serve(once(with_request(lambda raw, stream: (raw.send(raw.goaway(stream)), raw.connection.socket.close())), answers_all)))
    with one.client(alice) as client:
        assert client.request("POST").code == "SP5003"
    assert len(one.upstream.requests) == 1


def test_a_connection_that_says_farewell_finishes(edge, serve, alice):
    def farewell(connection):
        raw = Raw(connection)
        stream = raw.read_request()
        raw.send(raw.goaway(0x7FFF_FFFF))
        time.sleep(0.1)
        raw.send(raw.goaway(stream), raw.head(stream), raw.data(stream, b"ok", end=True))
        drain(raw)
    one = through(edge, serve(once(farewell, answers_all)))
    with one.client(alice) as client:
        assert [client.request().body for _ in range(3)] == [b"ok"] * 3
    assert len(one.upstream.connections) == 2


@pytest.mark.parametrize("case", ["no status", "line end in a value", "reset", "length announced and none sent", "too many fields"])
def test_neighbours_live_on(edge, serve, alice, case):
    """One bad answer is an error of its stream; another request on the same connection is answered."""
    bad = {
        "no status": lambda raw, stream: raw.send(raw.fields(stream, [("a", "b")], end=True)),
        "line end in a value": lambda raw, stream: raw.send(raw.head(stream, ("a", "b\r\nc: d"), end=True)),
        "reset": lambda raw, stream: raw.send(raw.reset(stream, INTERNAL_ERROR)),
        "length announced and none sent": lambda raw, stream: raw.send(raw.head(stream, ("content-length", "5"), end=True)),
        "too many fields": lambda raw, stream: raw.send(raw.head(stream, *[(f"x-{n}", "y") for n in range(300)], end=True)),
    }[case]

    def behaviour(connection):
        if connection.number > 0:
            return answers_all(connection)
        raw = Raw(connection)
        first = raw.read_request()
        bad(raw, raw.read_request())
        time.sleep(0.2)
        raw.send(raw.head(first, ("content-length", "2")), raw.data(first, b"ok", end=True))
        drain(raw)
    one = through(edge, serve(behaviour), request="5s", idle="5s")
    patient = []
    thread = threading.Thread(target=lambda: patient.append(ask(one, alice)))
    thread.start()
    time.sleep(0.3)
    # Each worker has its own connections; before long a client is on the worker of the first.
    others = []
    while len(others) < 20 and (not others or others[-1][0] == 200):
        others.append(ask(one, alice))
    thread.join()
    assert others[-1][0] == 502
    assert patient == [(200, b"ok")]


def ask(one, alice):
    with one.client(alice) as client:
        reply = client.request()
        return reply.status, reply.body


def test_content_in_single_bytes(edge, serve, alice):
    def behaviour(raw, stream):
        raw.send(raw.head(stream, ("content-length", "20000")))
        for start in range(0, 20_000, 100):
            raw.connection.send(b"".join(frame(0, 0, stream, bytes([(start + n) % 256])) for n in range(100)))
        raw.send(raw.data(stream, b"", end=True))
    one = through(edge, serve(with_request(behaviour)), idle="5s")
    with one.client(alice) as client:
        assert client.request().body == bytes(n % 256 for n in range(20_000))


def test_a_window_that_never_opens(edge, serve, alice):
    """The upstream takes no content: the client gets an answer in time, and what is held stays small."""
    def behaviour(connection):
        raw = Raw(connection, {SettingsFrame.INITIAL_WINDOW_SIZE: 0})
        raw.read_request(whole=False)
        drain(raw)
    one = through(edge, serve(behaviour))
    before = one.gateway.resident_bytes()
    with one.client(alice, timeout=8) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n")
        client.socket.settimeout(0.5)
        try:
            for _ in range(90):
                client.send(bytes(100_000))
        except OSError:
            pass
        client.socket.settimeout(8)
        assert client.read_reply().code in ("SP5008", "SP5002")
    assert one.gateway.resident_bytes() - before < 16 << 20


def test_a_client_that_does_not_read_is_not_read_for(edge, serve, alice):
    """The window of its stream is not given back, and another request on the same connection goes on."""
    sent = []

    def behaviour(connection):
        raw = Raw(connection)
        stream, room, other = raw.read_request(), 65_535, None
        raw.send(raw.head(stream))
        streams = {stream: room}
        pool = 65_535
        connection.socket.settimeout(0.05)
        total = 0
        window = None
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            while window is not None and min(window, pool) >= 16_384 and total < 64 << 20:
                raw.send(raw.data(stream, bytes(16_384)))
                window, pool, total = window - 16_384, pool - 16_384, total + 16_384
                sent.append(16_384)
            try:
                kind, flags, where, payload = raw.read_frame()
            except TimeoutError:
                if window is None:
                    window = 256 << 10
                continue
            if kind == 8:
                increment = int.from_bytes(payload, "big")
                if where == 0:
                    pool += increment
                elif where == stream:
                    window = (window if window is not None else 256 << 10) + increment
            elif kind == 1:
                raw.send(raw.head(where, ("content-length", "2")), raw.data(where, b"ok", end=True))
                pool -= 2
    one = through(edge, serve(behaviour), idle="8s", request="8s")
    with one.client(alice) as slow:
        slow.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(1.5)
        before = sum(sent)
        time.sleep(1)
        assert sum(sent) == before, "the upstream goes on although the client does not read"
        assert before < 24 << 20
        with one.client(alice) as quick:
            reply = quick.request()
            assert reply.status == 200


def test_silence_instead_of_settings(edge, serve, alice):
    one = through(edge, serve(lambda connection: (connection.read_exactly(len(PREFACE)), time.sleep(4))))
    with one.client(alice) as client:
        started = time.monotonic()
        reply = client.request()
        assert reply.status == 502 and reply.code in ("SP5020", "SP5001")
        assert time.monotonic() - started < 3


# What is tried again, from a client of HTTP/2

#: Answers of a target before it hangs.
SWIFT = 20


class Counted:
    """Streams of every connection of an upstream: `act(raw, stream, number)` answers one, its content is in `contents`."""

    def __init__(self, act):
        self.act, self.contents, self.lock = act, [], threading.Lock()

    def __call__(self, connection):
        raw, contents = Raw(connection), {}
        while True:
            kind, flags, stream, payload = raw.read_frame()
            if kind == SettingsFrame.type and not flags & 1:
                raw.connection.send(frame(4, 1, 0, b""))
            if kind == 0:
                contents[stream] = contents.get(stream, b"") + payload
                if payload:
                    raw.send(raw.window(0, len(payload)))
            if kind not in (0, 1) or not flags & 1:
                continue
            with self.lock:
                self.contents.append(contents.get(stream, b""))
                number = len(self.contents)
            self.act(raw, stream, number)


def says(raw, stream, content, status="200"):
    raw.send(raw.head(stream, ("content-length", str(len(content))), status=status), raw.data(stream, content, end=True))


@pytest.mark.parametrize("refuse", [
    lambda raw, stream: raw.send(raw.reset(stream, REFUSED_STREAM)),
    lambda raw, stream: raw.send(raw.goaway(max(stream - 2, 0))),
])
@pytest.mark.parametrize("size", [0, 5_000, 40_000])
def test_content_that_was_not_processed_is_sent_again(edge, serve, alice, refuse, size):
    """A POST with its content, whole, once more and not twice."""
    content = bytes(range(250)) * (size // 250)
    counted = Counted(lambda raw, stream, number: refuse(raw, stream) if number == 1 else says(raw, stream, b"ok"))
    one = through(edge, serve(counted))
    with HTTP2Client(one.port, alice) as client:
        assert client.ask(method="POST", content=content).body == b"ok"
    assert counted.contents == [content, content]


@pytest.mark.parametrize("break_off", [
    lambda raw, stream: raw.send(raw.reset(stream, INTERNAL_ERROR)),
    lambda raw, stream: raw.send(raw.reset(stream, CANCEL)),
    lambda raw, stream: (raw.send(raw.goaway(stream)), raw.connection.socket.close()),
    lambda raw, stream: raw.connection.socket.close(),
])
def test_content_that_may_have_been_processed_is_not(edge, serve, alice, break_off):
    counted = Counted(lambda raw, stream, number: break_off(raw, stream) if number == 1 else says(raw, stream, b"ok"))
    one = through(edge, serve(counted))
    with HTTP2Client(one.port, alice) as client:
        assert client.ask(method="POST", content=b"x" * 5_000).status == 502
    assert counted.contents == [b"x" * 5_000]


@pytest.mark.parametrize("method, times", [("GET", 2), ("PUT", 2), ("POST", 1)])
def test_a_status_is_tried_again_where_that_is_safe(edge, serve, alice, method, times):
    counted = Counted(lambda raw, stream, number: says(raw, stream, b"no" if number == 1 else b"ok", "503" if number == 1 else "200"))
    upstream = serve(counted)
    one = edge(upstream, upstreams={"service": {
        "targets": [upstream.url], "protocol": "http2", "timeouts": SHORT, "retries": {"on": ["503"]}}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with HTTP2Client(one.port, alice) as client:
        reply = client.ask(method=method, content=None if method == "GET" else b"content")
    assert (reply.status, reply.body) == ((200, b"ok") if times == 2 else (503, b"no"))
    assert len(counted.contents) == times and len(set(counted.contents)) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_slow_is_hedged_where_that_is_safe(edge, serve, alice, method):
    """One of two targets hangs. GET is answered by the other one, POST is not sent to it."""
    hung = []

    def act(raw, stream, number):
        if number > SWIFT:
            hung.append(number)
            time.sleep(0.8)
        says(raw, stream, b"first")

    first, second = Counted(act), Counted(lambda raw, stream, number: says(raw, stream, b"second"))
    targets = [serve(first), serve(second)]
    one = edge(targets[0], arguments=("--threads", "1"), upstreams={"service": {
        "targets": [target.url for target in targets], "protocol": "http2", "timeouts": {**SHORT, "request": "3s"},
        "hedge": {"after": "20ms", "share": "20%"}}}, routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with HTTP2Client(one.port, alice) as client:
        for _ in range(2 * SWIFT):
            assert client.ask().status == 200
        before = len(second.contents)
        replies = {client.ask(method=method, content=None if method == "GET" else b"x").body for _ in range(2)}
        assert hung and replies == ({b"second"} if method == "GET" else {b"first", b"second"})
        assert len(second.contents) - before == (2 if method == "GET" else 1)
