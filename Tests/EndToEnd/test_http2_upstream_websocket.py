"""WebSockets to upstreams that speak HTTP/2 only: extended CONNECT on a stream of the shared connection (RFC 8441)."""

import asyncio
import base64
import hashlib
import os
import socket
import threading
import time

import h2.errors
import h2.events
import h2.settings
import hypercorn.asyncio
import hypercorn.config
import pytest

from clients import context_for
from http2_client import CANCEL, HTTP2Client, Reset
from http2_servers import Http2, answers
from test_http2_websocket import connect, masked, opened
from test_websocket import UPGRADE, talk

ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of the key in UPGRADE: the example of RFC 6455 §1.3
CONNECT = {h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


class Hypercorn:
    """A real server of WebSockets over HTTP/2: sends back whatever it is sent."""

    def __init__(self):
        self.loop, self.versions, self.codes, self.ended = asyncio.new_event_loop(), [], [], asyncio.Event()
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.descriptor = listener.detach()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        config = hypercorn.config.Config()
        config.bind, config.errorlog, config.h2_max_concurrent_streams = [f"fd://{self.descriptor}"], None, 100
        self.loop.run_until_complete(hypercorn.asyncio.serve(self.serve, config, shutdown_trigger=self.ended.wait))

    async def serve(self, scope, receive, send):
        if scope["type"] != "websocket":
            return
        self.versions.append(scope["http_version"])
        assert (await receive())["type"] == "websocket.connect"
        if scope["path"] == "/refused":
            return await send({"type": "websocket.close"})
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
        self.codes.append(event.get("code"))

    def close(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(10)


@pytest.fixture
def real():
    server = Hypercorn()
    yield server
    server.close()


def over_http2(edge, upstream, **timeouts):
    return edge(upstream, upstreams={"chat": {"targets": [upstream.url], "protocol": "http2", "timeouts": timeouts}},
                routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "chat"}], arguments=("--threads", "1"))


def tunnels(behaviour, **options):
    """A behaviour of a server of HTTP/2 that agrees to each tunnel and then calls `behaviour(http2, event)`."""
    def serve(connection):
        http2 = Http2(connection, settings=options.get("settings", CONNECT), refill=options.get("refill", True))
        while (events := http2.events()) is not None:
            for event in events:
                if isinstance(event, h2.events.RequestReceived):
                    fields = [(":status", options.get("status", "200")), *options.get("fields", ())]
                    http2.h2.send_headers(event.stream_id, fields)
                    http2.flush()
                behaviour(http2, event)
    return serve


def echo(http2, event):
    """Sends what has come; while it waits for a window more may come."""
    if not isinstance(event, (h2.events.DataReceived, h2.events.StreamEnded)):
        return
    request = http2.requests[event.stream_id]
    while request.body:
        piece, request.body = request.body, b""
        http2.send_body(event.stream_id, piece, end=False)
    if request.ended:
        request.ended = False
        http2.h2.end_stream(event.stream_id)
        http2.flush()


def quiet(http2, event):
    pass


# A real server

def test_a_real_server_for_a_client_of_http1(edge, real, alice):
    async def conversation(socket):
        assert socket.subprotocol == "chat"
        for message in ["hello", "", "ä" * 70_000, b"\x00\xff", os.urandom(1 << 20)]:
            await socket.send(message)
            assert await socket.recv() == message

    one = over_http2(edge, real)
    for _ in range(2):
        talk(one, alice, conversation, subprotocols=["chat"])
    assert real.versions == ["2", "2"]
    line = one.gateway.access_line(lambda line: line["url.path"] == "/chat")
    assert line["http.response.status_code"] == 101


def test_a_real_server_for_a_client_of_http2(edge, real, alice):
    with HTTP2Client(over_http2(edge, real).port, alice) as client:
        stream = connect(client)
        reply = opened(client, stream)
        assert reply.status == 200 and reply.get("sec-websocket-protocol") == "chat"
        assert not {"sec-websocket-accept", "upgrade", "connection"} & {name for name, _ in reply.fields}
        client.data(stream, masked(2, b"hello"))
        while len(reply.body) < 7:
            client.step()
        assert reply.body == b"\x82\x05hello"


def test_a_real_server_that_refuses(edge, real, alice):
    with over_http2(edge, real).client(alice) as client:
        for _ in range(2):
            client.send(UPGRADE.replace(b"/chat", b"/refused"))
            assert client.read_reply().status == 403
        assert real.versions == ["2", "2"]


# What is said

def test_the_request_is_an_extended_connect(edge, serve, alice):
    upstream = serve(tunnels(echo))
    with over_http2(edge, upstream).client(alice) as client:
        client.send(UPGRADE + b"early")
        head = client.read_head()
        assert (head.status, head.get("sec-websocket-accept")) == (101, ACCEPT)
        assert not {"transfer-encoding", "content-length"} & {name for name, _ in head.fields}
        assert head.get("upgrade") == "websocket" and head.get("connection").lower() == "upgrade"
        assert client.read_exactly(5) == b"early"
    fields = upstream.requests[0].fields
    assert fields[:5] == [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"),
                          (":authority", "localhost"), (":path", "/chat")]
    assert ("sec-websocket-version", "13") in fields
    assert not {"sec-websocket-key", "upgrade", "connection", "content-length"} & {name for name, _ in fields}


def test_the_answer_to_the_key_is_the_gateways_own(edge, serve, alice):
    """An upstream that answers a key it never saw, or announces a length, is not believed."""
    upstream = serve(tunnels(echo, fields=[("sec-websocket-accept", "forged"), ("content-length", "3")]))
    key = base64.b64encode(os.urandom(16))
    with over_http2(edge, upstream).client(alice) as client:
        client.send(UPGRADE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", key) + b"hello")
        head = client.read_head()
        assert head.all("sec-websocket-accept") == [base64.b64encode(
            hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()]
        assert not head.all("content-length")
        assert client.read_exactly(5) == b"hello"


@pytest.mark.parametrize("keys", [
    b"", KEY + KEY, KEY.replace(b"==", b"="), KEY.replace(b"dGhl", b"d\"hl"), KEY.replace(b"==", b"QQ"),
    b"Sec-WebSocket-Key: \r\n"])
def test_a_key_that_is_none_is_refused(keys, edge, serve, alice):
    upstream = serve(tunnels(echo))
    with over_http2(edge, upstream).client(alice) as client:
        client.send(UPGRADE.replace(KEY, keys))
        reply = client.read_reply()
        assert (reply.status, reply.code) == (400, "SP4016")
    assert not upstream.requests


def test_without_the_setting_there_is_no_tunnel(edge, serve, alice):
    upstream = serve(answers())
    one = over_http2(edge, upstream)
    for before in (False, True):
        with one.client(alice) as client:
            if before:
                assert client.request().status == 200
            client.send(UPGRADE)
            reply = client.read_reply()
            assert (reply.status, reply.code) == (502, "SP5025")
            assert client.request().status == 200, "both connections go on"
    assert all(request.get(":method") == "GET" for request in upstream.requests)
    assert len(upstream.connections) == 1


def test_tunnels_and_requests_share_a_connection(edge, serve, alice):
    def behaviour(http2, event):
        if isinstance(event, h2.events.StreamEnded) and http2.requests[event.stream_id].get(":method") == "GET":
            http2.send_body(event.stream_id, b"plain", end=True)
        else:
            echo(http2, event)
    upstream = serve(tunnels(behaviour))
    one = over_http2(edge, upstream)
    with one.client(alice) as first, one.client(alice) as second, one.client(alice) as third:
        for client in (first, second):
            client.send(UPGRADE)
            assert client.read_head().status == 101
        assert third.request().body == b"plain"
        for client in (second, first):
            client.send(b"hello")
            assert client.read_exactly(5) == b"hello"
    assert len(upstream.connections) == 1


# Refusals

@pytest.mark.parametrize("version", [1, 2])
def test_a_refusal_is_an_exchange_like_any_other(version, edge, serve, alice):
    ends = []

    def behaviour(http2, event):
        if isinstance(event, h2.events.RequestReceived):
            http2.send_body(event.stream_id, b"go away", end=True)
        if isinstance(event, h2.events.StreamReset):
            ends.append(event.error_code)
    upstream = serve(tunnels(behaviour, status="403", fields=[("content-length", "7")]))
    one = over_http2(edge, upstream)
    for _ in range(2):
        if version == 1:
            with one.client(alice) as client:
                for _ in range(2):
                    client.send(UPGRADE)
                    reply = client.read_reply()
                    assert (reply.status, reply.body) == (403, b"go away")
        else:
            with HTTP2Client(one.port, alice) as client:
                for _ in range(2):
                    reply = client.read_response(connect(client))
                    assert (reply.status, reply.body) == (403, b"go away")
    assert len(upstream.connections) == 1 and len(upstream.requests) == 4
    assert set(ends) <= {h2.errors.ErrorCodes.CANCEL}, "the connection goes on, and the stream is no more"


def test_nobody_else_gets_a_tunnel(edge, serve, bob):
    upstream = serve(tunnels(echo))
    with over_http2(edge, upstream).client(bob) as client:
        client.send(UPGRADE)
        assert client.read_reply().status == 403
    assert not upstream.requests


def test_nothing_passes_before_the_agreement(edge, serve, alice):
    """What a client sends behind its request is a request if there is no tunnel, and never content of the CONNECT."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    came = []

    def behaviour(http2, event):
        if isinstance(event, h2.events.DataReceived):
            came.append(event.data)
        if isinstance(event, h2.events.RequestReceived):
            http2.send_body(event.stream_id, b"no", end=True)
    upstream = serve(tunnels(behaviour, status="403"))
    with over_http2(edge, upstream).client(alice) as client:
        client.send(UPGRADE + smuggled)
        assert client.read_reply().body == b"no"
        assert client.read_reply().body == b"no"
    assert [request.get(":path") for request in upstream.requests] == ["/chat", "/smuggled"]
    assert not any(came)


# Content

def test_much_both_ways_over_http1(edge, serve, alice):
    piece, count = os.urandom(1 << 20), 16
    one = over_http2(edge, serve(tunnels(echo)))

    async def conversation():
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", one.port, ssl=context_for(alice), server_hostname="localhost")
        writer.write(UPGRADE)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")

        async def send():
            for _ in range(count):
                writer.write(piece)
                await writer.drain()
        sending = asyncio.create_task(send())
        for _ in range(count):
            assert await reader.readexactly(len(piece)) == piece
        await sending
        writer.close()
    before = one.gateway.resident_bytes()
    asyncio.run(asyncio.wait_for(conversation(), 40))
    assert one.gateway.resident_bytes() - before < 40 << 20


def test_much_both_ways_over_http2(edge, serve, alice):
    piece, count = os.urandom(16384), 256
    with HTTP2Client(over_http2(edge, serve(tunnels(echo))).port, alice, settings={4: 1 << 24}) as client:
        stream = connect(client)
        reply = opened(client, stream)
        for number in range(1, count + 1):
            client.data(stream, piece)
            while len(reply.body) < number * len(piece):
                client.step()
        assert reply.body == piece * count


def test_an_upstream_that_takes_nothing_stops_the_client(edge, serve, alice):
    one = over_http2(edge, serve(tunnels(quiet, refill=False)))
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        client.socket.settimeout(2)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 64 << 20:
                client.socket.sendall(b"x" * 65536)
                sent += 65536
        assert sent < 16 << 20, "most of it stands in sockets"


def test_a_client_that_reads_nothing_stops_the_upstream(edge, serve, alice):
    sent, full = [], threading.Event()

    def behaviour(http2, event):
        if not isinstance(event, h2.events.RequestReceived):
            return
        while http2.h2.local_flow_control_window(event.stream_id) >= 16384:
            http2.h2.send_data(event.stream_id, b"x" * 16384)
            sent.append(16384)
            http2.flush()
            http2.connection.socket.settimeout(1)
            while http2.h2.local_flow_control_window(event.stream_id) < 16384:
                try:
                    if http2.events() is None:
                        return
                except TimeoutError:
                    return full.set()
        full.set()
    one = over_http2(edge, serve(tunnels(behaviour)))
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        assert full.wait(30)
        assert sum(sent) < 16 << 20


# Ends

@pytest.mark.parametrize("version", [1, 2])
def test_the_clients_end_reaches_the_upstream_behind_its_last_words(version, edge, serve, alice):
    ended, words = threading.Event(), []

    def behaviour(http2, event):
        if isinstance(event, h2.events.DataReceived):
            words.append(event.data)
        if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            words.append(type(event).__name__)
            http2.h2.end_stream(event.stream_id)
            http2.flush()
            ended.set()
    upstream = serve(tunnels(behaviour))
    one = over_http2(edge, upstream)
    if version == 1:
        with one.client(alice) as client:
            client.send(UPGRADE)
            assert client.read_head().status == 101
            client.send(b"last words")
    else:
        client = HTTP2Client(one.port, alice)
        stream = connect(client)
        opened(client, stream)
        client.data(stream, b"last words", end=True)
    assert ended.wait(5)
    assert b"".join(words[:-1]) == b"last words" and words[-1] == "StreamEnded"


def test_an_upstream_that_never_ends_is_reset(edge, serve, alice):
    codes, came = [], threading.Event()

    def behaviour(http2, event):
        if isinstance(event, h2.events.StreamReset):
            codes.append(event.error_code)
            came.set()
    with over_http2(edge, serve(tunnels(behaviour))).client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
    assert came.wait(5)
    assert codes == [h2.errors.ErrorCodes.CANCEL]


@pytest.mark.parametrize("version", [1, 2])
def test_the_upstreams_end_reaches_the_client(version, edge, serve, alice):
    def behaviour(http2, event):
        if isinstance(event, h2.events.RequestReceived):
            http2.send_body(event.stream_id, b"last words", end=True)
    one = over_http2(edge, serve(tunnels(behaviour)))
    if version == 1:
        with one.client(alice) as client:
            client.send(UPGRADE)
            assert client.read_head().status == 101
            assert client.read_exactly(10) == b"last words"
            assert client.is_closed()
    else:
        with HTTP2Client(one.port, alice) as client:
            stream = connect(client)
            reply = opened(client, stream)
            while not reply.complete:
                client.step()
            assert reply.body == b"last words"
            assert client.is_alive()


def test_silence_ends_a_tunnel(edge, serve, alice):
    ended = threading.Event()

    def behaviour(http2, event):
        if isinstance(event, h2.events.StreamEnded):
            ended.set()
    with over_http2(edge, serve(tunnels(behaviour)), tunnel="1s").client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        assert client.is_closed()
        assert ended.wait(5)


def test_a_reload_leaves_a_tunnel_alone(edge, serve, alice):
    """Its connection takes nothing new, and closes when the tunnel is over."""
    upstream = serve(tunnels(echo))
    one = over_http2(edge, upstream)
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        one.gateway.command("reload")
        client.send(b"hello")
        assert client.read_exactly(5) == b"hello"
        with one.client(alice) as other:
            other.send(UPGRADE + b"again")
            assert other.read_head().status == 101 and other.read_exactly(5) == b"again"
        assert len(upstream.connections) == 2
    first = upstream.connections[0].socket
    deadline = time.monotonic() + 5
    while first.fileno() >= 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert first.fileno() < 0, "the old connection is closed"


def test_a_target_may_offer_tunnels_later(edge, serve, alice):
    """RFC 8441 §3: the setting holds from when it comes."""
    def behaviour(http2, event):
        if isinstance(event, h2.events.RequestReceived):
            http2.h2.end_stream(event.stream_id)
            http2.h2.update_settings(CONNECT)
            http2.flush()
    upstream = serve(tunnels(behaviour, settings={}))
    one = over_http2(edge, upstream)
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_reply().code == "SP5025"
        assert client.request().status == 200
        client.send(UPGRADE)
        assert client.read_head().status == 101
    assert [request.get(":method") for request in upstream.requests] == ["GET", "CONNECT"]


@pytest.mark.parametrize("how", ["reset", "fields", "connection"])
def test_a_tunnel_that_breaks_is_cut(how, edge, serve, alice):
    def behaviour(http2, event):
        if not isinstance(event, h2.events.RequestReceived):
            return
        http2.send_body(event.stream_id, b"half a fra", end=False)
        if how == "reset":
            http2.h2.reset_stream(event.stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif how == "fields":
            http2.h2.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)
        else:
            http2.connection.reset()
            return
        http2.flush()
    with HTTP2Client(over_http2(edge, serve(tunnels(behaviour))).port, alice) as client:
        with pytest.raises(Reset) as reset:
            client.read_response(connect(client))
        assert reset.value.code != CANCEL
        assert client.is_alive()
