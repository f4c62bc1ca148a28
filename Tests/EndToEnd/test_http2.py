"""Clients that speak HTTP/2: requests and responses, windows, ends, and what both versions of HTTP have in common."""

import json
import socket
import subprocess
import threading
import time

import pytest

import http2_client as h2
from clients import Closed
from gateway import free_port
from http2_client import HTTP2Client, Reset, frame


@pytest.fixture
def speak(alice):
    """Opens connections and closes them."""
    opened = []

    def open_one(edge, credential=alice, **options):
        opened.append(HTTP2Client(edge.port, credential, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


# Requests and responses


def test_a_request_and_its_response(edge, serve, speak):
    upstream = serve()
    client = speak(edge(upstream))
    reply = client.ask(path="/x/../hello?a=1", fields=[("accept", "*/*"), ("cookie", "a=1"), ("cookie", "b=2")])
    assert reply.status == 200 and reply.body == b"hello\n" and reply.get("content-length") == "6" and reply.get("date")
    request = upstream.requests[-1]
    assert request.line == "GET /hello?a=1 HTTP/1.1" and request.get("host") == "localhost"
    assert request.get("cookie") == "a=1; b=2" and request.get("accept") == "*/*"
    assert request.get("x-forwarded-for") == "127.0.0.1" and request.get("x-request-id")


def test_both_versions_in_one_listener(edge, serve, speak, alice):
    one = edge(serve())
    assert speak(one).ask().status == 200
    with one.client(alice) as client:
        assert client.request().status == 200


@pytest.mark.parametrize("protocols, offered, agreed", [
    (["http2", "http1"], ["http/1.1", "h2"], "h2"), (["http1", "http2"], ["h2", "http/1.1"], "http/1.1"),
    (["http1"], ["h2", "http/1.1"], "http/1.1"), (["http2"], ["h2"], "h2")])
def test_the_listener_chooses(protocols, offered, agreed, edge, serve, alice):
    from clients import Client, context_for
    one = edge(serve(), listeners__main__tls__protocols=protocols)
    with Client(one.port, context=context_for(alice, alpn=offered)) as client:
        assert client.socket.selected_alpn_protocol() == agreed


@pytest.mark.parametrize("offered", [["http/1.1"], None, ["spdy/3"]])
def test_a_listener_without_http1(offered, edge, serve, alice):
    import ssl
    from clients import Client, context_for
    one = edge(serve(), listeners__main__tls__protocols=["http2"])
    mark = one.gateway.mark()
    with pytest.raises((ssl.SSLError, OSError, Closed)):
        with Client(one.port, context=context_for(alice, alpn=offered)) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.receive()
    assert "SP2107" in one.gateway.logged("SP2107", since=mark)


@pytest.mark.parametrize("size", [0, 1, 5, 65535, 65536, 1 << 20])
def test_content_both_ways(size, edge, serve, speak):
    content = bytes(i * 7 & 255 for i in range(size))

    def echo(connection):
        while True:
            connection.reply(connection.read_request().body)

    client = speak(edge(serve(echo)))
    reply = client.ask(content, method="POST")
    assert reply.status == 200 and reply.body == content
    announced = client.ask(content, method="PUT", fields=[("content-length", str(size))])
    assert announced.body == content


def test_head_and_empty_responses(edge, serve, speak):
    def answer(connection):
        while True:
            request = connection.read_request()
            if request.line.startswith("HEAD"):
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            else:
                connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    client = speak(edge(serve(answer)))
    reply = client.ask(method="HEAD")
    assert (reply.status, reply.get("content-length"), reply.body) == (200, "1000", b"")
    assert client.ask().status == 204


def test_hop_by_hop_fields_stay_behind(edge, serve, speak):
    def answer(connection):
        connection.read_request()
        connection.reply(fields=["Connection: x-secret", "X-Secret: 1", "Keep-Alive: timeout=5", "X-Kept: 1", "Set-Cookie: a=1",
                                 "Set-Cookie: b=2"])

    reply = speak(edge(serve(answer))).ask()
    names = {name for name, _ in reply.fields}
    assert "x-kept" in names and not names & {"connection", "x-secret", "keep-alive", "transfer-encoding"}
    assert reply.all("set-cookie") == ["a=1", "b=2"]


def test_interim_responses_and_trailers(edge, serve, speak):
    def answer(connection):
        request = connection.read_head()
        assert request.get("te") == "trailers"
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        b"\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n")

    reply = speak(edge(serve(answer))).ask(fields=[("te", "trailers")])
    assert reply.interim == [103] and reply.body == b"abc" and ("x-sum", "6") in reply.trailers


def test_continue(edge, serve, speak):
    client = speak(edge(serve()))
    stream = client.start(method="POST", end=False, fields=[("expect", "100-continue"), ("content-length", "3")])
    while not getattr(client.streams.get(stream), "interim", None):
        client.step()
    assert client.streams[stream].interim == [100]
    client.data(stream, b"abc", end=True)
    assert client.read_response(stream).status == 200


def test_many_streams_at_once(edge, serve, speak):
    def slow(connection):
        while True:
            request = connection.read_request()
            time.sleep(0.05)
            connection.reply(request.target.encode())

    client = speak(edge(serve(slow)))
    streams = {client.start(path=f"/{number}"): f"/{number}".encode() for number in range(60)}
    for stream, path in streams.items():
        assert client.read_response(stream).body == path


def test_hundred_streams_and_no_more(edge, serve, speak):
    def never(connection):
        connection.read_request()
        time.sleep(20)

    client = speak(edge(serve(never)))
    for _ in range(101):
        client.start()
    # The library behind it knows only an end of the connection.
    assert client.ending() in (h2.PROTOCOL_ERROR, h2.REFUSED_STREAM, h2.ENHANCE_YOUR_CALM)


# What both versions have in common


def test_refusals_are_problems(edge, serve, speak, bob):
    one = edge(serve(), routes=[{"match": {"path": "/a"}, "allow": ["alice"], "to": "http://127.0.0.1:9"}])
    client = speak(one)
    assert client.ask(path="/none").code == "SP3003"
    assert client.ask(path="/a").status == 502
    assert speak(one, bob).ask(path="/a").code == "SP3001"
    line = one.gateway.access_line(lambda line: line["http.response.status_code"] == 403)
    assert line["sallyport.reason"] == "SP3001" and line["network.protocol.version"] == "2"


def test_another_host_is_misdirected(edge, serve, speak):
    client = speak(edge(serve()))
    assert client.ask(authority="elsewhere.test").code == "SP3004"
    assert client.ask().status == 200, "the connection serves its own host all the same"


@pytest.mark.parametrize("request_, status, code", [
    ({"path": "/" + "x" * 9000}, 414, "SP4030"), ({"fields": [("x", "y" * 17000)]}, 431, "SP4031"),
    ({"fields": [(f"x{i}", "1") for i in range(101)]}, 431, "SP4032"), ({"path": "/%00"}, 400, "SP4003"),
    ({"method": "TRACE"}, 501, "SP4005"), ({"fields": [("expect", "miracle")]}, 417, "SP4014"),
    ({"method": "POST", "fields": [("content-length", str(1 << 40))], "end": False}, 413, "SP4033")])
def test_limits_are_answered(request_, status, code, edge, serve, speak):
    one = edge(serve())
    client = speak(one)
    assert client.is_alive(), "our settings hold from their acknowledgement on"
    reply = client.read_response(client.start(**request_))
    assert (reply.status, reply.code) == (status, code)
    assert client.ask().status == 200
    assert one.gateway.access_line(lambda line: line.get("sallyport.reason") == code)


def test_content_beyond_the_limit(edge, serve, speak):
    one = edge(serve(), policies={"baseline": {"limits": {"body": "64KiB"}}})
    client = speak(one)
    stream = client.start(method="POST", end=False)
    for _ in range(5):
        client.data(stream, bytes(16384))
    reply = client.read_response(stream)
    assert reply.code == "SP4033"
    assert client.ask().status == 200


# Malformed messages


MALFORMED = {
    "upper case": [("X-Upper", "1")], "space in a name": [("a b", "1")], "colon in a name": [("a:b", "1")],
    "line end in a name": [("a\r\nb", "1")], "line end in a value": [("x", "a\r\nb: c")], "NUL": [("x", "a\0b")],
    "space at the end": [("x", "a ")], "connection": [("connection", "close")], "te": [("te", "gzip")],
    "transfer-encoding": [("transfer-encoding", "chunked")], "upgrade": [("upgrade", "h2c")],
    "another host": [("host", "other.test")], "two hosts": [("host", "localhost"), ("host", "localhost")],
    "pseudo behind": [("x", "1"), (":path", "/x")], "signed length": [("content-length", "+5")],
    "list of lengths": [("content-length", "5, 5")], "two lengths": [("content-length", "5"), ("content-length", "5")],
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_are_reset(name, edge, serve, speak):
    upstream = serve()
    one = edge(upstream)
    client = speak(one)
    stream = client.start(client.fields(fields=MALFORMED[name]), end=False)
    assert client.stream_error(stream) == h2.PROTOCOL_ERROR
    assert client.ask().status == 200, "the connection goes on"
    assert len(upstream.requests) == 1, "nothing of it reached the upstream"
    assert one.gateway.access_line(lambda line: line["http.response.status_code"] == 400)["sallyport.reason"]


@pytest.mark.parametrize("pseudo", [
    {"path": "x"}, {"path": "http://evil/"}, {"path": "*"}, {"method": "GE:T("}, {"authority": "u@a,b"}, {"scheme": "http"},
    {"path": "/a b"}, {"authority": "a b"}, {"path": ""}])
def test_malformed_pseudo_fields(pseudo, edge, serve, speak):
    upstream = serve()
    client = speak(edge(upstream))
    assert client.stream_error(client.start(**pseudo)) == h2.PROTOCOL_ERROR
    assert not upstream.requests


def test_twenty_malformed_requests_are_enough(edge, serve, speak):
    one = edge(serve())
    client, mark = speak(one), one.gateway.mark()
    for _ in range(21):
        client.start(path="x")
    assert client.ending() == h2.ENHANCE_YOUR_CALM
    assert one.gateway.logged("SP4038", since=mark)


@pytest.mark.parametrize("length, sent", [("5", b"abcd"), ("3", b"abcd"), ("0", b"a")])
def test_a_length_that_is_not_kept(length, sent, edge, serve, speak):
    """The upstream never sees a whole request, and nothing after it on that connection."""
    upstream = serve()
    client = speak(edge(upstream))
    stream = client.start(method="POST", end=False, fields=[("content-length", length)])
    client.data(stream, sent, end=True)
    assert client.stream_error(stream) == h2.PROTOCOL_ERROR
    assert client.ask(path="/next").status == 200
    assert [request.target for request in upstream.requests] == ["/next"]


def test_content_of_a_get_is_no_second_request(edge, serve, speak):
    """H2.0 smuggling: DATA of a GET is framed like any other content."""
    upstream = serve()
    client = speak(edge(upstream))
    smuggled = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
    assert client.ask(smuggled).status == 200
    assert client.ask(path="/next").status == 200
    assert [request.target for request in upstream.requests] == ["/", "/next"]
    assert upstream.requests[0].body == smuggled


# Ends


def test_a_torn_response_is_reset(edge, serve, speak):
    def torn(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        time.sleep(0.2)

    client = speak(edge(serve(torn)))
    with pytest.raises(Reset) as reset:
        client.ask()
    assert reset.value.code == h2.INTERNAL_ERROR and client.is_alive()


def test_a_reset_reaches_the_upstream(edge, serve, speak):
    gone = threading.Event()

    def wait(connection):
        connection.read_request()
        try:
            connection.receive()
        except Exception:
            gone.set()
            raise

    one = edge(serve(wait))
    client = speak(one)
    stream = client.start()
    time.sleep(0.3)
    client.reset(stream)
    assert gone.wait(5)
    assert client.is_alive()
    assert one.gateway.access_line(lambda line: line["http.response.status_code"] == 499)


def test_an_early_answer_ends_the_upload(edge, serve, speak):
    def early(connection):
        connection.read_head()
        connection.reply(b"no", "403 Forbidden")

    client = speak(edge(serve(early)))
    stream = client.start(method="POST", end=False)
    client.data(stream, b"x" * 1000)
    assert client.read_response(stream).body == b"no"
    while not hasattr(client.streams[stream], "reset"):
        client.step()
    assert client.streams[stream].reset == h2.NO_ERROR
    client.data(stream, b"late", end=True)
    assert client.is_alive()


def test_leaving_takes_two_steps(edge, serve, speak):
    one = edge(serve())
    client = speak(one)
    assert client.ask().status == 200
    one.gateway.signal(15)
    while not client.goaway:
        client.step()
    assert client.goaway.code == h2.NO_ERROR and client.goaway.last_stream == 2**31 - 1
    client.goaway = None
    while not client.goaway:
        client.step()
    assert client.goaway.last_stream == 1
    assert client.ending() == h2.NO_ERROR
    assert one.gateway.wait() == 0


def test_a_response_is_finished_while_leaving(edge, serve, speak):
    go_on = threading.Event()

    def slow(connection):
        connection.read_request()
        go_on.wait(10)
        connection.reply(b"done")

    one = edge(serve(slow))
    client = speak(one)
    stream = client.start()
    time.sleep(0.3)
    one.gateway.signal(15)
    time.sleep(1)
    go_on.set()
    assert client.read_response(stream).body == b"done"
    assert client.ending() == h2.NO_ERROR


# Windows


def test_a_client_that_opens_no_window(edge, serve, speak):
    """The response is held, bounded, and the upstream waits; others go on."""
    sent = []

    def endless(connection):
        request = connection.read_request()
        if request.target != "/big":
            return connection.reply()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        connection.socket.settimeout(2)
        try:
            while True:
                connection.send(bytes(65536))
                sent.append(65536)
        except (TimeoutError, socket.timeout):
            time.sleep(10)

    one = edge(serve(endless))
    client = speak(one, settings={4: 1000})
    stream = client.start(path="/big")
    time.sleep(3)
    assert client.ask(path="/small", method="GET").status == 200
    assert len(client.streams[stream].body) == 1000
    assert sum(sent) < 16 << 20, "the upstream was stopped"


def test_windows_open_as_content_is_taken(edge, serve, speak):
    """An upstream that does not read stops the client after what windows and buffers hold."""
    go_on = threading.Event()

    def late(connection):
        head = connection.read_head()
        go_on.wait(20)
        assert len(connection.read_body(head)) == 20 << 20
        connection.reply()

    client = speak(edge(serve(late), policies={"baseline": {"limits": {"body": "32MiB"}}}))
    stream = client.start(method="POST", end=False, fields=[("content-length", str(20 << 20))])
    window, connection_window, sent = 65535, 65535, 0
    client.socket.settimeout(1)

    def credit():
        nonlocal window, connection_window
        for one in client.frames:
            if isinstance(one, h2.frames.WindowUpdateFrame):
                if one.stream_id:
                    window += one.window_increment
                else:
                    connection_window += one.window_increment
            if isinstance(one, h2.frames.SettingsFrame) and 4 in one.settings:
                window += one.settings[4] - 65535
        client.frames.clear()

    def upload(until):
        nonlocal window, connection_window, sent
        while sent < until:
            credit()
            room = min(window, connection_window, 16384, until - sent)
            if room <= 0:
                client.step()
                continue
            client.data(stream, bytes(room), end=sent + room == 20 << 20)
            window, connection_window, sent = window - room, connection_window - room, sent + room

    with pytest.raises(TimeoutError):
        upload(20 << 20)
    assert sent < 16 << 20, "what is not taken is not asked for"
    go_on.set()
    client.socket.settimeout(20)
    upload(20 << 20)
    assert client.read_response(stream).status == 200


def test_streams_share_the_connection(edge, serve, speak):
    """A small response does not wait behind a large one."""
    def answer(connection):
        while True:
            request = connection.read_request()
            connection.reply(bytes(8 << 20) if request.target == "/big" else b"small")

    client = speak(edge(serve(answer)), settings={4: 1 << 24})
    big = client.start(path="/big")
    small = client.start(path="/small")
    assert client.read_response(small).body == b"small"
    assert big not in client.streams or not client.streams[big].complete
    assert len(client.read_response(big).body) == 8 << 20


# Real clients


def test_curl(edge, serve, alice, authority):
    one = edge(serve())
    done = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", authority.file, "--cert", alice[0], "--key", alice[1], "-w", "%{http_version}",
         f"https://localhost:{one.port}/"], capture_output=True, text=True, timeout=20)
    assert done.stdout == "hello\n2", done


def test_h2load(edge, serve, alice):
    """Twenty streams at a time on each of five connections, as a stranger: h2load knows no client certificates."""
    upstream = serve()
    one = edge(
        upstream, tlsProfiles__edge__clientCertificates={"mode": "none", "because": "a test"},
        routes=[{"match": {"path": "/"}, "allow": "anyone", "because": "a test", "to": upstream.url}])
    done = subprocess.run(
        ["h2load", "-n", "2000", "-c", "5", "-m", "20", f"https://localhost:{one.port}/"], capture_output=True, text=True,
        timeout=50)
    assert "2000 succeeded, 0 failed" in done.stdout, done


# Content for streams that are gone


def test_content_for_a_reset_stream_does_not_close_the_window(edge, serve, speak):
    """What was on its way when the gateway reset the stream counts against the window of the connection, which opens
    again though nobody takes the content (RFC 9113 §5.1)."""
    def early(connection):
        connection.read_head()
        connection.reply(b"no", "403 Forbidden")

    client = speak(edge(serve(early)))
    assert client.is_alive()
    room = 65535 + sum(one.window_increment for one in client.frames
                       if type(one).__name__ == "WindowUpdateFrame" and one.stream_id == 0)
    for _ in range(3):
        stream = client.start(method="POST", end=False)
        assert client.read_response(stream).body == b"no"
        while not hasattr(client.streams[stream], "reset"):
            client.step()
        seen = len(client.frames)
        while room > 0:
            size = min(room, 16384)
            client.data(stream, bytes(size))
            room -= size
        assert client.is_alive()
        room += sum(one.window_increment for one in client.frames[seen:]
                    if type(one).__name__ == "WindowUpdateFrame" and one.stream_id == 0)
        assert room > 500_000, room
    assert client.ask().status == 403


# The gateway's own services


def test_status_for_admins(edge, serve, alice):
    """The admin listener speaks HTTP/2 as well, and says the same."""
    port = free_port()
    one = edge(
        serve(), admin={"address": f"127.0.0.1:{port}", "admins": ["alice"]}, identities={"alice": {"commonName": "alice"}})
    with HTTP2Client(port, alice) as client:
        streams = [client.start(path="/status") for _ in range(3)]
        replies = [client.read_response(stream) for stream in streams]
        assert [json.loads(reply.body)["process"] for reply in replies] == [one.gateway.pid] * 3
        assert replies[0].get("cache-control") == "no-store"
        head = client.ask(method="HEAD", path="/status")
        assert (head.status, head.body) == (200, b"") and int(head.get("content-length")) > 0
        assert client.ask(path="/else").status == 404
        assert client.ask(method="POST", path="/status", content=b"").status == 405
