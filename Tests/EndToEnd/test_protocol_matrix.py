"""One meaning in every pair of versions: HTTP/1.1 and HTTP/2 from the client, HTTP/1.1 and HTTP/2 to the upstream.

The upstream records what it gets, byte for byte or frame for frame. For each case both sides are counted: as many
requests as responses, each with exactly the fields and the content that it was sent with."""

import dataclasses

import pytest

import test_malformed_requests as malformed
from clients import Closed
from conftest import Edge
from http2_client import HTTP2Client, Reset
from http2_servers import answers
from servers import Server

PAIRS = [(down, up) for down in ("http1", "http2") for up in ("http1", "http2")]
OURS = {"via", "forwarded", "x-request-id", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"}
FRAMING = {"content-length", "transfer-encoding"}
NEVER = {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade", "http2-settings", "trailer"}


@dataclasses.dataclass
class Answer:
    status: int = 200
    fields: tuple = ()
    body: bytes = b"hello\n"
    trailers: tuple = ()
    interim: tuple = ()
    declared: int | None = None


@dataclasses.dataclass
class Arrived:
    method: str
    target: str
    host: str
    fields: list
    body: bytes

    def get(self, name):
        values = [value for key, value in self.fields if key == name]
        assert len(values) <= 1, values
        return values[0] if values else None

    @property
    def told(self):
        """What the client told, without what the gateway says and what frames the message."""
        return sorted((key, value) for key, value in self.fields if key not in OURS | FRAMING)


class Upstream:
    """Answers every request with `answer` and records it, in either version."""

    def __init__(self, version):
        self.version, self.answer, self.arrived = version, Answer(), []
        self.server = Server(self._http1 if version == "http1" else answers(self._http2))

    def _http1(self, connection):
        while True:
            request = connection.read_request()
            method, target, version = request.line.split(" ")
            assert version == "HTTP/1.1" and len(request.all("host")) == 1
            # One statement about length, or none: never two, never a list.
            assert len(request.all("content-length")) + len(request.all("transfer-encoding")) <= 1, request.fields
            fields = [(key, value) for key, value in request.fields if key != "host"]
            self.arrived.append(Arrived(method, target, request.get("host"), fields, request.body))
            self._reply(connection, method, self.answer)

    def _reply(self, connection, method, answer):
        for status, fields in answer.interim:
            connection.send(f"HTTP/1.1 {status} Interim\r\n".encode() + lines(fields) + b"\r\n")
        head = f"HTTP/1.1 {answer.status} Status\r\n".encode() + lines(answer.fields)
        bare = method == "HEAD" or answer.status in (204, 304)
        if answer.trailers:
            head += b"Transfer-Encoding: chunked\r\n"
        elif answer.declared is not None or answer.status != 204:
            head += b"Content-Length: %d\r\n" % (len(answer.body) if answer.declared is None else answer.declared)
        connection.send(head + b"\r\n")
        if bare:
            return
        if answer.trailers:
            connection.send(b"%x\r\n" % len(answer.body) + answer.body + b"\r\n0\r\n" + lines(answer.trailers) + b"\r\n")
        else:
            connection.send(answer.body)

    def _http2(self, http2, request):
        pseudo = {key: value for key, value in request.fields if key.startswith(":")}
        assert set(pseudo) == {":method", ":scheme", ":path", ":authority"}, pseudo
        fields = [(key, value) for key, value in request.fields if not key.startswith(":")]
        assert all(key == key.lower() for key, _ in fields)
        self.arrived.append(Arrived(pseudo[":method"], pseudo[":path"], pseudo[":authority"], fields, request.body))
        answer = self.answer
        for status, interim in answer.interim:
            http2.h2.send_headers(request.stream, [(":status", str(status)), *interim])
        bare = pseudo[":method"] == "HEAD" or answer.status in (204, 304)
        fields = list(answer.fields)
        if bare and answer.declared is not None:
            fields.append(("content-length", str(answer.declared)))
        http2.reply(request.stream, b"" if bare else answer.body, answer.status, fields,
                    list(answer.trailers) if answer.trailers and not bare else None,
                    length=not bare and not answer.trailers)


def lines(fields):
    return b"".join(f"{key}: {value}\r\n".encode() for key, value in fields)


class Pair:
    def __init__(self, folder, authority, certificate, up):
        self.upstream = Upstream(up)
        self.edge = Edge(
            folder, authority, certificate, self.upstream.server,
            upstreams={"one": {"targets": [self.upstream.server.url], "protocol": up}},
            routes=[{"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": "one"}])

    def close(self):
        self.edge.gateway.stop()
        self.upstream.server.close()
        assert not self.upstream.server.errors, self.upstream.server.errors


@pytest.fixture(scope="module")
def pairs(tmp_path_factory, authority, server_certificate):
    """One gateway for each version of the upstream."""
    started = {}
    for up in ("http1", "http2"):
        started[up] = Pair(tmp_path_factory.mktemp(up), authority, server_certificate, up)
    yield started
    for pair in started.values():
        pair.close()


class Client:
    """The same words for both versions."""

    def __init__(self, pair, down, credential):
        self.down = down
        port = pair.edge.port
        self.wire = pair.edge.client(credential) if down == "http1" else HTTP2Client(port, credential)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def ask(self, method="GET", path="/", fields=(), body=None):
        if self.down == "http2":
            lower = [(key.lower(), value) for key, value in fields]
            return self.wire.ask(body, method=method, path=path, fields=lower)
        return self.wire.request(method, path, [f"{key}: {value}" for key, value in fields], body)


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]}-to-{pair[1]}")
def through(request, pairs, alice):
    """(client, upstream): the upstream forgets what it saw before."""
    down, up = request.param
    pair = pairs[up]
    pair.upstream.arrived.clear()
    pair.upstream.answer = Answer()
    with Client(pair, down, alice) as client:
        yield client, pair.upstream
    assert pair.edge.gateway.alive


CASES = {
    "a GET": dict(),
    "a query": dict(path="/a/b?x=1&y=%20&z=a%2fb"),
    "HEAD": dict(method="HEAD"),
    "DELETE": dict(method="DELETE", path="/thing"),
    "an unknown method": dict(method="BREW"),
    "content": dict(method="POST", body=b"hello"),
    "content that looks like a request": dict(method="POST", body=malformed.SMUGGLED),
    "a GET with content": dict(method="GET", body=malformed.SMUGGLED),
    "much content": dict(method="PUT", body=bytes(range(256)) * 2048),
    "no content": dict(method="POST", body=b""),
    "fields": dict(fields=[("X-A", "1"), ("x-b", "two words"), ("X-A", "3"), ("Accept", "*/*")]),
    "an empty value": dict(fields=[("X-A", "")]),
    "a cookie": dict(fields=[("Cookie", "a=1; b=2")]),
    "a long value": dict(fields=[("X-Long", "v" * 12_000)]),
    "many fields": dict(fields=[(f"X-{n}", str(n)) for n in range(80)]),
    "a range": dict(fields=[("Range", "bytes=0-1"), ("If-Range", '"abc"')]),
    "an authorization": dict(fields=[("Authorization", "Bearer x.y.z")]),
}


@pytest.mark.parametrize("case", CASES)
def test_means_the_same(case, through):
    client, upstream = through
    request = {"method": "GET", "path": "/", "fields": [], "body": None, **CASES[case]}
    reply = client.ask(**request)
    assert reply.status == 200 and reply.body == (b"" if request["method"] == "HEAD" else b"hello\n")
    assert client.ask(path="/next").status == 200, "the connection goes on"
    assert [one.target for one in upstream.arrived] == [request["path"], "/next"]
    arrived = upstream.arrived[0]
    assert (arrived.method, arrived.host, arrived.body) == (request["method"], "localhost", request["body"] or b"")
    assert arrived.told == sorted((key.lower(), value) for key, value in request["fields"])
    assert arrived.get("via") == ("2.0" if client.down == "http2" else "1.1") + " sallyport"


def test_what_is_for_one_hop_stays_there(through):
    client, upstream = through
    fields = [("TE", "trailers"), ("X-Kept", "1")]
    if client.down == "http1":
        fields += [("Connection", "close, X-Gone"), ("X-Gone", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "x"),
                   ("Proxy-Authorization", "Basic x"), ("Trailer", "X-T"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]
    assert client.ask(fields=fields).status == 200
    told = dict(upstream.arrived[0].told)
    assert told.pop("x-kept") == "1"
    told.pop("te", None)
    told.pop("connection", None)
    assert told == {}, told


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Client-Cert", "Client-Cert", "X-Real-IP", "Forwarded", "X-SSL-Client-Verify"])
def test_nobody_speaks_in_the_gateways_name(name, through):
    client, upstream = through
    assert client.ask(fields=[(name, "forged")]).status == 200
    assert not any("forged" in value for _, value in upstream.arrived[0].fields)


@pytest.mark.parametrize("answer, method", [
    (Answer(204, body=b""), "GET"), (Answer(304, (("etag", '"a"'),), declared=5), "GET"), (Answer(200, declared=6), "HEAD"),
    (Answer(404, body=b"no"), "GET"), (Answer(200, (("x-a", "1"), ("x-a", "2"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))), "GET"),
    (Answer(206, (("content-range", "bytes 0-1/9"),), b"he"), "GET"), (Answer(503, (("retry-after", "9"),), b"later"), "POST"),
    (Answer(200, (), b""), "GET"), (Answer(200, (), b"x" * 200_000), "GET"),
], ids=lambda value: str(value.status) if isinstance(value, Answer) else value)
def test_responses_mean_the_same(answer, method, through):
    client, upstream = through
    upstream.answer = answer
    reply = client.ask(method, body=b"content" if method == "POST" else None)
    assert reply.status == answer.status
    bare = method == "HEAD" or answer.status in (204, 304)
    assert reply.body == (b"" if bare else answer.body)
    got = [(key, value) for key, value in reply.fields if key not in FRAMING | {"date"}]
    assert got == list(answer.fields)
    assert len(reply.all("date")) == 1
    if answer.declared is not None:
        assert reply.get("content-length") == str(answer.declared)
    upstream.answer = Answer()
    assert client.ask().status == 200


def test_interim_responses_pass(through):
    client, upstream = through
    upstream.answer = Answer(interim=((103, (("link", "</a.css>; rel=preload"),)),))
    if client.down == "http1":
        client.wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        hints = client.wire.read_head()
        assert hints.status == 103 and hints.get("link")
        assert client.wire.read_reply().status == 200
    else:
        reply = client.ask()
        assert reply.status == 200 and 103 in reply.interim


def test_trailers_reach_those_who_read_them(through):
    client, upstream = through
    upstream.answer = Answer(trailers=(("x-sum", "42"), ("content-length", "9")) if upstream.version == "http1" else (("x-sum", "42"),))
    if client.down == "http1":
        client.wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
        reply = client.wire.read_head()
        assert reply.all("transfer-encoding") == ["chunked"]
        assert client.wire.read_until(b"\r\n\r\n").lower().endswith(b"0\r\nx-sum: 42\r\n\r\n")
        client.wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.wire.read_reply().body == b"hello\n", "who has not asked gets none"
    else:
        reply = client.ask()
        assert reply.body == b"hello\n" and reply.trailers == [("x-sum", "42")]


def test_options(through):
    client, upstream = through
    assert client.ask("OPTIONS", "*").status == 204, "the gateway is the whole server (RFC 9110 §9.3.7)"
    assert client.ask("OPTIONS", "/", [("Max-Forwards", "0")]).status == 204
    assert upstream.arrived == [], "the last hop answers itself (RFC 9110 §7.6.2)"
    assert client.ask("OPTIONS", "/", [("Max-Forwards", "7")]).status == 200
    assert [one.get("max-forwards") for one in upstream.arrived] == ["6"]


@pytest.mark.parametrize("up", ["http1", "http2"])
@pytest.mark.parametrize("case", malformed.REFUSED)
def test_refused_whatever_the_upstream_speaks(case, up, pairs, alice):
    status, data = malformed.REFUSED[case]
    pair = pairs[up]
    pair.upstream.arrived.clear()
    with pair.edge.client(alice) as client:
        client.send(data)
        assert client.read_reply().status == status, case
        try:
            client.send(malformed.SMUGGLED)
            later = client.read_reply()
        except (Closed, OSError):
            later = None
        assert later is None
    assert pair.upstream.arrived == []


@pytest.mark.parametrize("case", [
    [(":method", "GE:T("), (":scheme", "https"), (":path", "/"), (":authority", "localhost")],
    [(":method", "GET"), (":scheme", "https"), (":path", "x"), (":authority", "localhost")],
    [(":method", "GET"), (":scheme", "https"), (":path", "http://evil/"), (":authority", "localhost")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "u@a,b")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("host", "other")],
    [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("content-length", "+5")],
    [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("content-length", "5, 5")],
    [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("transfer-encoding", "chunked")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("connection", "close")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("x", "a\r\nx: b")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("x: y", "z")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("X-Upper", "z")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/ HTTP/1.1\r\nx:"), (":authority", "localhost")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost\r\nx: y")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost"), ("te", "gzip")],
])
@pytest.mark.parametrize("up", ["http1", "http2"])
def test_fields_of_http2_that_http1_would_stumble_over(case, up, pairs, alice):
    pair = pairs[up]
    pair.upstream.arrived.clear()
    with HTTP2Client(pair.edge.port, alice) as client:
        stream = client.start(case, end=True)
        try:
            assert 400 <= client.read_response(stream).status < 500
        except Reset:
            pass
        assert client.ask().status == 200, "the connection goes on for others"
    assert [(one.method, one.target) for one in pair.upstream.arrived] == [("GET", "/")]
    assert pair.upstream.arrived[0].told == []
