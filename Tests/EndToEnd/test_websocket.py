"""WebSockets: a tunnel that opens only after the upstream has agreed (RFC 6455, RFC 9110 §7.8)."""

import asyncio
import os
import threading
import time

import pytest
import websockets

from clients import context_for

UPGRADE = (b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
AGREED = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")


class EchoServer:
    """The `websockets` package as an upstream: sends back whatever it is sent."""

    def __init__(self):
        self.loop, self.headers, self.codes = asyncio.new_event_loop(), [], []
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        assert started.wait(10)

    def _run(self, started):
        async def echo(connection):
            self.headers.append(connection.request.headers)
            async for message in connection:
                await connection.send(message)
            self.codes.append(connection.close_code)

        async def main():
            async with websockets.serve(echo, "127.0.0.1", 0, max_size=None, subprotocols=["chat"]) as server:
                self.port = server.sockets[0].getsockname()[1]
                self.ended = asyncio.Event()
                started.set()
                await self.ended.wait()
        self.loop.run_until_complete(main())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(10)


@pytest.fixture
def echo():
    server = EchoServer()
    yield server
    server.close()


def talk(one, credential, conversation, **options):
    async def main():
        context = context_for(credential)
        async with websockets.connect(
                f"wss://localhost:{one.port}/chat", ssl=context, max_size=None, proxy=None, **options) as socket:
            return await conversation(socket)
    return asyncio.run(asyncio.wait_for(main(), 40))


def test_echo_of_every_kind(edge, echo, alice):
    async def conversation(socket):
        assert socket.subprotocol == "chat"
        for message in ["hello", "", "ä" * 70_000, b"\x00\xff", os.urandom(1 << 20)]:
            await socket.send(message)
            assert await socket.recv() == message
        await asyncio.wait_for(await socket.ping(), 5)
        await socket.send(iter([b"in ", b"three ", b"frames"]))
        assert await socket.recv() == b"in three frames"

    one = edge(echo)
    talk(one, alice, conversation, subprotocols=["chat"])
    deadline = time.monotonic() + 5
    while not echo.codes and time.monotonic() < deadline:
        time.sleep(0.01)
    assert echo.codes == [1000], "the closing handshake reaches the upstream"
    headers = echo.headers[0]
    assert headers["X-Forwarded-For"] == "127.0.0.1" and "Sec-WebSocket-Extensions" in headers
    line = one.gateway.access_line(lambda line: line["http.response.status_code"] == 101)
    assert "sallyport.reason" not in line and line["sallyport.decision"] == "allow"


def test_much_both_ways_at_once(edge, echo, alice):
    """Neither side waits for the other: what is in flight is bounded by back-pressure, not lost."""
    async def conversation(socket):
        piece, count = os.urandom(256 << 10), 64

        async def send():
            for _ in range(count):
                await socket.send(piece)
        sending = asyncio.create_task(send())
        for _ in range(count):
            assert await socket.recv() == piece
        await sending
    one = edge(echo)
    before = one.gateway.resident_bytes()
    talk(one, alice, conversation, compression=None, subprotocols=["chat"])
    assert one.gateway.resident_bytes() - before < 40 << 20


def test_nobody_else_gets_a_tunnel(edge, echo, bob):
    with pytest.raises(websockets.exceptions.InvalidStatus) as refusal:
        talk(edge(echo), bob, lambda socket: socket.recv())
    assert refusal.value.response.status_code == 403


def test_nothing_passes_before_the_upstream_agrees(edge, serve, alice):
    """What a client sends behind its request stays in the gateway until 101, and is a request if there is none."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    seen = []

    def behaviour(connection):
        request = connection.read_request()
        if request.target != "/chat":
            return connection.reply(b"next")
        connection.socket.settimeout(0.5)
        try:
            seen.append(connection.socket.recv(100))
        except TimeoutError:
            seen.append(None)
        connection.socket.settimeout(10)
        connection.reply(b"no", status="403 Forbidden")
        behaviour(connection)
    with edge(serve(behaviour)).client(alice) as client:
        client.send(UPGRADE + smuggled)
        assert client.read_reply().status == 403
        assert client.read_reply().body == b"next"
    assert seen == [None]


def test_bytes_that_came_early_follow_the_agreement(edge, serve, alice):
    def behaviour(connection):
        connection.read_head()
        time.sleep(0.2)
        connection.send(AGREED)
        connection.send(b"from the upstream:" + connection.read_exactly(5))
    with edge(serve(behaviour)).client(alice) as client:
        client.send(UPGRADE + b"early")
        head = client.read_head()
        assert head.status == 101 and not head.all("transfer-encoding"), "what follows is no content"
        assert client.read_exactly(23) == b"from the upstream:early"


@pytest.mark.parametrize("answer", [
    AGREED.replace(b"websocket", b"h2c"), AGREED.replace(b"Upgrade: websocket\r\n", b""),
    AGREED.replace(b"Connection: Upgrade\r\n", b""), AGREED.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\n")])
def test_an_agreement_to_something_else_is_refused(answer, edge, serve, alice):
    def behaviour(connection):
        connection.read_head()
        connection.send(answer + b"HTTP/1.1 200 OK\r\n\r\n")
    with edge(serve(behaviour)).client(alice) as client:
        client.send(UPGRADE)
        assert client.read_reply().status == 502


def test_an_agreement_that_nobody_asked_for_is_refused(edge, serve, alice):
    def behaviour(connection):
        request = connection.read_head()
        assert not request.all("upgrade")
        connection.send(AGREED)
    with edge(serve(behaviour)).client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        assert client.read_reply().status == 502


def test_a_client_that_leaves_ends_a_tunnel_without_a_fault(edge, serve, alice):
    def behaviour(connection):
        connection.read_head()
        connection.send(AGREED)
        while True:
            connection.receive()
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
    line = one.gateway.access_line(lambda line: line["http.response.status_code"] == 101)
    assert "sallyport.reason" not in line and line["sallyport.decision"] == "allow"


def test_silence_ends_a_tunnel(edge, serve, alice):
    def behaviour(connection):
        connection.read_head()
        connection.send(AGREED)
        assert connection.socket.recv(1) == b""
    upstream = serve(behaviour)
    one = edge(upstream, upstreams={"chat": {"targets": [upstream.url], "timeouts": {"tunnel": "1s"}}},
               routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "chat"}])
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        started = time.monotonic()
        assert client.is_closed()
        assert 0.9 < time.monotonic() - started < 4


def test_a_tunnel_that_breaks_is_cut(edge, serve, alice):
    def behaviour(connection):
        connection.read_head()
        connection.send(AGREED + b"half a fra")
        time.sleep(0.2)
        connection.reset()
    with edge(serve(behaviour)).client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        assert client.is_closed()


def test_a_reload_leaves_a_tunnel_alone(edge, serve, alice):
    def behaviour(connection):
        connection.read_head()
        connection.send(AGREED)
        connection.send(connection.read_exactly(4))
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.send(UPGRADE)
        assert client.read_head().status == 101
        one.gateway.command("reload")
        client.send(b"ping")
        assert client.read_exactly(4) == b"ping"
