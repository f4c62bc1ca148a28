"""WebSockets over HTTP/2 (RFC 8441)."""

import os
import struct
import threading
import time

import pytest

from http2_client import HTTP2Client
from test_websocket import AGREED, echo  # noqa: F401 - a fixture


def masked(opcode, content):
    mask = os.urandom(4)
    length = len(content)
    size = struct.pack(">B", 0x80 | length) if length < 126 else struct.pack(">BH", 0x80 | 126, length)
    return bytes([0x80 | opcode]) + size + mask + bytes(byte ^ mask[i & 3] for i, byte in enumerate(content))


def connect(client, *, protocol="websocket", **more):
    fields = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "https"), (":path", "/chat"),
              (":authority", "localhost"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat")]
    return client.start(fields, end=False, **more)


def opened(client, stream):
    while not (client.streams.get(stream) and client.streams[stream].status):
        client.step()
    return client.streams[stream]


def test_echo_over_http2(edge, echo, alice):
    one = edge(routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": echo.url}])
    with HTTP2Client(one.port, alice) as client:
        stream = connect(client)
        reply = opened(client, stream)
        assert reply.status == 200 and reply.get("sec-websocket-protocol") == "chat"
        assert reply.get("sec-websocket-accept") is None and reply.get("upgrade") is None
        for content in (b"hello", b"x" * 15000):
            start = len(reply.body)
            client.data(stream, masked(2, content))
            while len(reply.body) < start + len(content) + (2 if len(content) < 126 else 4):
                client.step()
            assert reply.body.endswith(content)
        assert client.is_alive()
    assert one.gateway.access_line(lambda line: line["url.path"] == "/chat")


@pytest.mark.parametrize("end", ["stream", "reset"])
def test_the_end_of_the_stream_ends_the_tunnel(end, edge, serve, alice):
    gone = threading.Event()

    def behaviour(connection):
        connection.read_head()
        connection.send(AGREED)
        try:
            connection.receive()
        except Exception:
            gone.set()
            raise

    one = edge(serve(behaviour))
    with HTTP2Client(one.port, alice) as client:
        stream = connect(client)
        opened(client, stream)
        if end == "stream":
            client.data(stream, b"", end=True)
        else:
            client.reset(stream)
        assert gone.wait(5)
        assert client.is_alive()


def test_nothing_passes_before_the_upstream_agrees(edge, serve, alice):
    def behaviour(connection):
        head = connection.read_head()
        assert head.get("upgrade") == "websocket" and len(head.get("sec-websocket-key")) == 24
        time.sleep(0.5)
        assert not connection.buffer
        connection.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.receive()
        connection.socket.settimeout(10)
        connection.send(AGREED)
        assert connection.read_exactly(5) == b"early"

    one = edge(serve(behaviour))
    with HTTP2Client(one.port, alice) as client:
        stream = connect(client)
        client.data(stream, b"early")
        assert opened(client, stream).status == 200


def test_who_may_not(edge, echo, bob):
    one = edge(routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": echo.url}])
    with HTTP2Client(one.port, bob) as client:
        assert client.read_response(connect(client)).status == 403


def test_other_protocols_and_plain_connect(edge, echo, alice):
    one = edge(routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": echo.url}])
    with HTTP2Client(one.port, alice) as client:
        assert client.read_response(connect(client, protocol="connect-udp")).status == 501
        stream = client.start([(":method", "CONNECT"), (":authority", "localhost:443")], end=False)
        assert client.read_response(stream).status == 501
        assert client.is_alive()
