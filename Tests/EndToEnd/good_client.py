"""A good client in a process of its own: `python good_client.py PORT CERTIFICATE KEY`.

Asks fifty times a second on a kept connection of HTTP/1.1, as often on one of HTTP/2, and four times a second on a new
connection. Prints a line of JSON for each request: when it was due, seconds, kind, and what went wrong. The seconds count
from when a request was due if the one before it was late; nothing is tried a second time. Runs until its input ends."""

import json
import sys
import threading
import time

from clients import Client, context_for
from http2_client import HTTP2Client

RATES = {"HTTP/1.1": 50, "HTTP/2": 50, "new": 4}


class GoodClient:
    def __init__(self, port, credential):
        self.port, self.credential, self.context = port, credential, context_for(credential)
        self.over, self.lock = threading.Event(), threading.Lock()

    def open(self, kind):
        if kind == "HTTP/2":
            return HTTP2Client(self.port, self.credential, timeout=5)
        return Client(self.port, context=self.context, timeout=5)

    def ask(self, kind, client):
        """The client for the next request, if it may be kept."""
        client = client or self.open(kind)
        try:
            reply = client.ask(path="/good") if kind == "HTTP/2" else client.request(path="/good")
            assert reply.status == 200 and bytes(reply.body) == b"hello\n", f"status {reply.status}"
        except BaseException:
            client.close()
            raise
        if kind == "HTTP/2" and not client.goaway:
            client.frames.clear()
            client.streams.clear()
            return client
        if kind == "HTTP/1.1" and reply.get("connection") != "close":
            return client
        client.close()
        return None

    def run(self, kind):
        client, due, free = None, time.monotonic(), 0.0
        while not self.over.wait(max(0.0, due - time.monotonic())):
            begun = due if free > due else time.monotonic()
            error = None
            try:
                client = self.ask(kind, client)
            except Exception as one:  # noqa: BLE001 - whatever it is, it counts
                client, error = None, f"{type(one).__name__}: {one}"
            free = time.monotonic()
            with self.lock:
                print(json.dumps([begun, free - begun, kind, error]), flush=True)
            due += 1 / RATES[kind]

    def main(self):
        threads = [threading.Thread(target=self.run, args=(kind,)) for kind in RATES]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        self.over.set()
        for thread in threads:
            thread.join()


GoodClient(int(sys.argv[1]), (sys.argv[2], sys.argv[3])).main()
