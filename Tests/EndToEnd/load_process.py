"""Steady load by clients of several kinds, in a process of its own.

    python load_process.py PORT CERTIFICATE KEY RATE

Runs until its standard input ends, then prints what happened as JSON. Nothing is tried a second time: a connection that
is refused or ends without an answer, and an answer other than 200, each count as a failure. Only what GOAWAY says was not
taken goes out again on another connection, as every client of HTTP/2 does (RFC 9113 §6.8).
"""

import json
import select
import socket
import ssl
import sys
import threading
import time

from clients import Client, Closed, context_for
from http2_client import GoneAway, HTTP2Client, Reset

THREADS = 26
# So many clients open a connection for each request; the others keep theirs as long as they may.
FULL, RESUMED = 3, 3
# So many of those speak HTTP/2, and have as many requests under way at a time as their number in turn.
MULTIPLEXED = 6


class Multiplexed:
    """A client of HTTP/2 with several requests at a time. It reads all the time, as real ones do."""

    def __init__(self, load, most):
        self.load, self.most, self.client, self.old = load, most, None, []

    def drain(self, client, wait=0.0):
        """Takes in what has come. False: the connection is at its end."""
        try:
            while client.buffer or client.socket.pending() or select.select([client.socket], [], [], wait)[0]:
                client.step()
                wait = 0.0
        except (OSError, Closed):
            return False
        return True

    def connection(self):
        for one in list(self.old):
            if not self.drain(one):
                self.old.remove(one)
                one.close()
        if self.client and (not self.drain(self.client) or self.client.goaway):
            assert self.client.goaway and self.client.goaway.code == 0, "ended without GOAWAY"
            self.load.count("announced")
            self.old.append(self.client)
            self.client = None
        if not self.client:
            self.client = HTTP2Client(self.load.port, self.load.credential, timeout=20)
            self.load.count("connections")
        return self.client

    def ask(self, count):
        """`count` requests at a time; those that were not taken go out once more."""
        left = [f"/{number}" for number in range(count)]
        while left:
            client = self.connection()
            under_way = {}
            for path in left:
                try:
                    under_way[client.start(path=path, fields=[("te", "trailers")])] = path
                except OSError:
                    under_way[client.next_stream - 2] = path
            left = []
            for stream, path in under_way.items():
                try:
                    reply = client.read_response(stream)
                except GoneAway as goodbye:
                    assert goodbye.code == 0, f"GOAWAY with {goodbye.code}"
                    self.load.count("resent")
                    left.append(path)
                    continue
                if reply.status != 200 or reply.body != b"hello\n":
                    raise AssertionError(f"status {reply.status}, {reply.body[:200]!r}")
                self.load.count("requests")
                self.load.count("multiplexed")

    def close(self):
        for client in [self.client, *self.old]:
            if client:
                client.close()
        self.client, self.old = None, []


class Load:
    def __init__(self, port, credential, rate):
        self.port, self.credential, self.rate = port, credential, rate
        self.lock, self.over = threading.Lock(), threading.Event()
        self.counts = {"requests": 0, "connections": 0, "resumed": 0, "announced": 0, "multiplexed": 0, "resent": 0}
        self.failures, self.times, self.slowest = [], [], 0.0

    def note(self, kind, error, started, seconds):
        with self.lock:
            self.failures.append({
                "client": kind, "error": f"{type(error).__name__}: {error}", "at": round(started, 3),
                "seconds": round(seconds, 3)})

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] += by

    def connect(self, context, session=None):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client.__new__(Client)
        client.socket = context.wrap_socket(plain, server_hostname="localhost", session=session)
        client.buffer = b""
        self.count("connections")
        if client.socket.session_reused:
            self.count("resumed")
        return client

    def ask(self, client):
        """Whether the connection may be used once more."""
        reply = client.request()
        if reply.status != 200 or reply.body != b"hello\n":
            raise AssertionError(f"status {reply.status}, {reply.body[:200]!r}")
        self.count("requests")
        if reply.get("connection") == "close":
            self.count("announced")
            return False
        return True

    def run_multiplexed(self, number):
        client = Multiplexed(self, 1 + number % 4)
        pause = THREADS / self.rate * client.most
        due = time.monotonic() + pause * number / THREADS
        while not self.over.wait(max(0, due - time.monotonic())):
            due = max(due + pause, time.monotonic() - 1)
            started = time.monotonic()
            try:
                client.ask(client.most)
            except (OSError, Closed, AssertionError, Reset) as error:
                self.note("multiplexed", error, time.time(), time.monotonic() - started)
                client.close()
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - started)

    def run(self, number):
        if number >= THREADS - MULTIPLEXED:
            return self.run_multiplexed(number)
        kind = "full" if number < FULL else "resumed" if number < FULL + RESUMED else "kept"
        context, client, session = context_for(self.credential), None, None
        pause = THREADS / self.rate
        due = time.monotonic() + pause * number / THREADS
        while not self.over.wait(max(0, due - time.monotonic())):
            due = max(due + pause, time.monotonic() - 1)
            started = time.monotonic()
            try:
                client = client or self.connect(context, session)
                keeps = self.ask(client) and kind == "kept"
                session = client.socket.session if kind == "resumed" else None
                if not keeps:
                    client.close()
                    client = None
            except (OSError, Closed, AssertionError) as error:
                self.note(kind, error, time.time(), time.monotonic() - started)
                if client:
                    client.close()
                client, session = None, None
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - started)

    def main(self):
        begun = time.monotonic()
        threads = [threading.Thread(target=self.run, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        print("ready", flush=True)
        sys.stdin.read()
        self.over.set()
        for thread in threads:
            thread.join(30)
        seconds = time.monotonic() - begun
        print(json.dumps({
            **self.counts, "failures": self.failures[:50], "failed": len(self.failures), "seconds": round(seconds, 2),
            "rate": round(self.counts["requests"] / seconds, 1), "slowest": round(self.slowest, 3)}), flush=True)


Load(int(sys.argv[1]), (sys.argv[2], sys.argv[3]), float(sys.argv[4])).main()
