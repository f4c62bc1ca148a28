"""Bodies stream in both directions with back-pressure: memory stays flat however large they are."""

import hashlib
import os
import threading
import time

import pytest

MIB = 1 << 20
GROWTH = 30 * MIB
PIECE = os.urandom(MIB)


class Watch:
    """The highest resident memory of the gateway while something runs."""

    def __init__(self, gateway):
        self.gateway, self.highest, self.ended = gateway, 0, False
        self.before = gateway.resident_bytes()
        self.thread = threading.Thread(target=self._look)

    def _look(self):
        while not self.ended:
            self.highest = max(self.highest, self.gateway.resident_bytes())
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()

    @property
    def growth(self):
        return self.highest - self.before


def sizes(*slow):
    return [256, *(pytest.param(size, marks=[pytest.mark.slow, pytest.mark.timeout(900)]) for size in slow)]


def unlimited(edge, upstream):
    return edge(upstream, policies={"baseline": {"limits": {"body": "8GiB"}}})


@pytest.mark.parametrize("mebibytes", sizes(4096))
def test_download(mebibytes, edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (mebibytes * MIB))
        for _ in range(mebibytes):
            connection.send(PIECE)
    one = unlimited(edge, serve(behaviour))
    with one.client(alice, timeout=30) as client:
        warm(one, alice)
        with Watch(one.gateway) as watch:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.read_head().status == 200
            assert drain(client, mebibytes * MIB) == repeated(mebibytes)
    assert watch.growth <= GROWTH, watch.growth


def warm(one, alice):
    """The first connection costs what every later one finds there."""
    with one.client(alice) as client:
        assert client.request("HEAD").status == 200


def drain(client, length):
    digest = hashlib.sha256(client.buffer)
    left = length - len(client.buffer)
    while left:
        data = client.socket.recv(min(MIB, left))
        assert data, f"{left} bytes are missing"
        digest.update(data)
        left -= len(data)
    return digest.digest()


def repeated(count):
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(PIECE)
    return digest.digest()


def test_slow_reader(edge, serve, alice):
    """The upstream is held back while the client does not read."""
    sent = []

    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (256 * MIB))
        for _ in range(256):
            connection.send(PIECE)
            sent.append(MIB)
    one = unlimited(edge, serve(behaviour))
    with one.client(alice) as client, Watch(one.gateway) as watch:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.read_head().status == 200
        time.sleep(3)
        stuck = sum(sent)
        time.sleep(0.5)
        assert sum(sent) == stuck < 64 * MIB, "nobody holds the upstream back"
    assert watch.growth <= GROWTH, watch.growth


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("mebibytes", sizes(4096))
def test_upload(framing, mebibytes, edge, serve, alice):
    digest = hashlib.sha256()

    def behaviour(connection):
        head = connection.read_head()
        connection.note(head)
        for piece in body_of(connection, head):
            digest.update(piece)
        connection.reply(digest.hexdigest().encode())
    one = unlimited(edge, serve(behaviour))
    with one.client(alice, timeout=30) as client, Watch(one.gateway) as watch:
        fields = f"Content-Length: {mebibytes * MIB}" if framing == "length" else "Transfer-Encoding: chunked"
        client.send(f"POST / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n".encode())
        for _ in range(mebibytes):
            client.send(PIECE if framing == "length" else b"%x\r\n%s\r\n" % (MIB, PIECE))
        if framing == "chunks":
            client.send(b"0\r\n\r\n")
        reply = client.read_reply()
    assert (reply.status, reply.body) == (200, repeated(mebibytes).hex().encode())
    assert watch.growth <= GROWTH, watch.growth


def body_of(connection, head):
    """The body in pieces, never the whole."""
    if head.get("content-length"):
        left = int(head.get("content-length"))
        while left:
            if not connection.buffer:
                connection.receive()
            piece, connection.buffer = connection.buffer[:left], connection.buffer[left:]
            left -= len(piece)
            yield piece
        return
    while size := int(connection.read_until(b"\r\n"), 16):
        yield connection.read_exactly(size)
        assert connection.read_exactly(2) == b"\r\n"
    connection.read_exactly(2)


def test_slow_upstream(edge, serve, alice):
    """The client is held back while the upstream does not read."""
    def behaviour(connection):
        connection.note(connection.read_head())
        time.sleep(6)
    one = unlimited(edge, serve(behaviour))
    with one.client(alice) as client, Watch(one.gateway) as watch:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (256 * MIB))
        client.socket.settimeout(2)
        sent = 0
        with pytest.raises(TimeoutError):
            for _ in range(256):
                client.send(PIECE)
                sent += MIB
        assert sent < 64 * MIB
    assert watch.growth <= GROWTH, watch.growth
