"""Floods and slow attacks over HTTP/2: the connection that does it ends, a good client goes on, memory stays bounded."""

import contextlib
import os
import socket
import ssl
import struct
import threading
import time

import pytest

import http2_client as h2
from clients import Closed
from http2_client import HTTP2Client, frame

#: What one attack may cost, bytes. A debug build without an attack moves by a few MiB.
GROWTH = 64 << 20


class GoodClient:
    """Asks all the time, on a connection of its own."""

    def __init__(self, port, credential):
        self.client = HTTP2Client(port, credential)
        self.times, self.failures, self.stop = [], [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.stop.is_set():
            start = time.monotonic()
            try:
                assert self.client.ask(path="/good").status == 200
            except Exception as error:  # noqa: BLE001 - reported by the test
                self.failures.append(repr(error))
                return
            self.times.append(time.monotonic() - start)
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(10)
        self.client.close()


@pytest.fixture
def attack(edge, serve, alice):
    """Runs `work(client)` on one connection beside a good client; yields how the gateway ended it."""

    def run(work, *, behaviour=None, seconds=8, expect=None, **options):
        one = edge(serve(behaviour) if behaviour else serve())
        before = one.gateway.resident_bytes()
        mark = one.gateway.mark()
        with GoodClient(one.port, alice) as good:
            client = HTTP2Client(one.port, alice, timeout=seconds, **options)
            with contextlib.suppress(OSError, ssl.SSLError, Closed):
                work(client)
            code = client.ending(seconds) if expect is not None else None
            client.close()
            asked = len(good.times)
            time.sleep(0.5)
        assert one.gateway.alive and not good.failures, good.failures
        assert len(good.times) > asked, "the good client goes on"
        assert one.gateway.resident_bytes() - before < GROWTH
        if expect is not None:
            # A peer that still writes may lose the GOAWAY to the reset that follows.
            assert code in (expect, None), code
            assert one.gateway.logged("HTTP/2 connection ended", since=mark)
        return one, mark

    return run


def flood(one, count=200_000, at_once=500):
    """Sends the same frame again and again, as fast as it goes."""

    def work(client):
        for _ in range(count // at_once):
            client.send(one * at_once)

    return work


@pytest.mark.parametrize("name, one", [
    ("PING", frame(6, 0, 0, b"12345678")), ("SETTINGS", frame(4)), ("PING answers", frame(6, 1, 0, b"12345678")),
    ("PRIORITY", frame(2, 0, 3, struct.pack(">IB", 0, 1))), ("WINDOW_UPDATE", frame(8, 0, 0, struct.pack(">I", 1))),
    ("unknown", frame(0x42, 0, 0, b"x"))])
def test_floods_of_control_frames(name, one, attack):
    gateway, mark = attack(flood(one), expect=h2.ENHANCE_YOUR_CALM)
    assert "SP4036" in gateway.gateway.logged("SP4036", since=mark)


@pytest.mark.parametrize("one", [frame(0, 0, 1, b""), frame(0, 0, 1, b"x"), frame(0, 8, 1, b"\0")])
def test_floods_of_data(one, attack):
    def work(client):
        client.start(method="POST", end=False)
        flood(one)(client)

    attack(work, expect=h2.ENHANCE_YOUR_CALM)


def test_rapid_reset(attack):
    """CVE-2023-44487."""
    def work(client):
        stream = 1
        for _ in range(200):
            batch = b""
            for _ in range(50):
                batch += client.headers(client.fields(path="/reset"), stream) + frame(3, 0, stream, struct.pack(">I", 8))
                stream += 2
            client.send(batch)

    gateway, mark = attack(work, expect=h2.ENHANCE_YOUR_CALM)
    assert gateway.gateway.logged("SP4037", since=mark)


def test_made_you_reset(attack):
    """CVE-2025-8671: the client makes the gateway reset its own streams, here with a window that overflows."""
    def work(client):
        stream = 1
        for _ in range(200):
            batch = b""
            for _ in range(20):
                batch += client.headers(client.fields(path="/reset"), stream, end=False)
                batch += frame(8, 0, stream, struct.pack(">I", 2**31 - 1))
                stream += 2
            client.send(batch)

    attack(work, expect=h2.ENHANCE_YOUR_CALM)


def test_continuation_flood(attack):
    """CVE-2024-27316 and its kin."""
    def work(client):
        client.send(frame(1, 0, 1, b"\x82"))
        flood(frame(9, 0, 1, b"\x00\x01x\x011" * 100), at_once=10)(client)

    attack(work, expect=h2.ENHANCE_YOUR_CALM)


def test_hpack_bomb(attack):
    """A small block that names a large entry of the table again and again (CVE-2016-6581)."""
    def work(client):
        client.is_alive()
        block = b"\x82\x84\x87\x41\x09localhost" + b"\x40\x01x\x7f" + b"\xa1\x1e" + b"y" * 4000 + b"\xbe" * 4000
        for stream in range(1, 100, 2):
            client.send(frame(1, 5, stream, block))

    attack(work, expect=h2.COMPRESSION_ERROR)


def test_slow_reading(attack):
    """A hundred responses that nobody takes are held within bounds."""
    def large(connection):
        while True:
            request = connection.read_request()
            connection.reply(b"ok" if request.target == "/good" else bytes(4 << 20))

    def work(client):
        for _ in range(99):
            client.start(path="/large")
        time.sleep(4)
        assert client.is_alive()

    attack(work, behaviour=large, settings={4: 0})


def test_the_socket_is_not_read(attack):
    """A peer that reads nothing at all, and has much to be told."""
    def large(connection):
        while True:
            request = connection.read_request()
            connection.reply(b"ok" if request.target == "/good" else bytes(4 << 20))

    def work(client):
        for _ in range(50):
            client.start(path="/large")
        for _ in range(200):
            client.send(frame(6, 0, 0, b"12345678"))
        time.sleep(4)

    attack(work, behaviour=large, settings={4: 1 << 24})


def test_content_that_nobody_takes(attack):
    """Windows bound what is held of requests, however small the pieces."""
    def never(connection):
        request = connection.read_head()
        if request.target == "/good":
            while True:
                connection.reply()
                connection.read_request()
        time.sleep(20)

    def work(client):
        client.is_alive()
        for stream in range(1, 160, 2):
            client.start(method="POST", path="/slow", end=False, stream=stream)
            # All of them together stay within the window of the connection.
            for _ in range(20):
                client.send(frame(0, 0, stream, bytes(100)) * 5)
        time.sleep(2)
        assert client.is_alive()

    attack(work, behaviour=never)


@pytest.mark.parametrize("beginning", [b"", h2.PREFACE[:10], h2.PREFACE, h2.PREFACE + frame(4) + frame(1, 0, 1, b"\x82"),
                                       h2.PREFACE + frame(4) + frame(4, 1) + frame(6, 0, 0, b"123", length=8)])
def test_who_stops_in_the_middle_is_cut(beginning, edge, serve, alice):
    one = edge(serve())
    client = HTTP2Client(one.port, alice, preface=False)
    client.answers_settings = False
    client.send(beginning)
    start = time.monotonic()
    client.ending(20)
    assert 5 < time.monotonic() - start < 15


def test_a_request_line_of_http1(edge, serve, alice):
    one = edge(serve())
    client = HTTP2Client(one.port, alice, preface=False)
    client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.ending() == h2.PROTOCOL_ERROR


def test_garbage_never_hurts(edge, serve, alice):
    """Frames with random contents: each connection is served or ended, and the gateway stays."""
    import random
    chance = random.Random(20261123)
    one = edge(serve())
    for _ in range(150):
        client = HTTP2Client(one.port, alice, timeout=5)
        with contextlib.suppress(OSError, ssl.SSLError, Closed):
            for _ in range(chance.randrange(1, 12)):
                payload = chance.randbytes(chance.choice([0, 1, 4, 5, 8, 13, 100, 2000]))
                client.send(frame(chance.randrange(12), chance.randrange(256), chance.choice([0, 1, 1, 2, 3, 5, 2**31 - 1]), payload))
        client.close()
    good = HTTP2Client(one.port, alice)
    assert good.ask().status == 200 and one.gateway.alive
    good.close()
