"""Thirty named faults, between client and gateway and between gateway and upstream.

For each: an answer is the right one or none, or an error of the gateway's own; nothing hangs longer than the deadlines
of the configuration; a POST reaches the upstream's application at most once.
"""

import contextlib
import hashlib
import json
import threading
import time

import h2.exceptions
import pytest
from hpack.exceptions import HPACKError
from hyperframe.exceptions import HyperframeError

import faultproxy as fault
from clients import Client, Closed
from faultproxy import FaultProxy
from http2_client import GoneAway, HTTP2Client, Reset
from http2_servers import answers
from servers import Disconnected, Server

# Longer than any fault that heals, shorter than the test's own patience.
REQUEST, IDLE = 3, 2
# The gateway's own, for what a client has to do: the head of a request, a handshake.
HEAD, HANDSHAKE = 10, 5
BODY = bytes(range(256)) * 200

# Of the direction in which requests go, and of the direction in which responses come.
FAULTS = {
    "none": (fault.clean, fault.clean),
    "latency of 50 ms there": (fault.latency(0.05), fault.clean),
    "latency of 50 ms back": (fault.clean, fault.latency(0.05)),
    "latency with jitter both ways": (fault.latency(0.01, 0.05), fault.latency(0.01, 0.05)),
    "64 KiB a second there": (fault.bandwidth(65536), fault.clean),
    "64 KiB a second back": (fault.clean, fault.bandwidth(65536)),
    "one byte at a time there": (fault.slicer(1), fault.clean),
    "one byte at a time back": (fault.clean, fault.slicer(1)),
    "pieces of 7 bytes both ways": (fault.slicer(7, most=20_000), fault.slicer(7, most=20_000)),
    "a pause of 1 s in the request": (fault.stall(600, 1), fault.clean),
    "a pause of 1 s in the response": (fault.clean, fault.stall(900, 1)),
    "a close that takes 1 s": (fault.slow_close(1), fault.slow_close(1)),
    "nothing arrives there": (fault.blackhole(), fault.clean),
    "nothing arrives back": (fault.clean, fault.blackhole()),
    "nothing more arrives in the request": (fault.blackhole(700), fault.clean),
    "nothing more arrives in the response": (fault.clean, fault.blackhole(900)),
    "reset before the request": (fault.reset_peer(0), fault.clean),
    "reset in the request": (fault.reset_peer(700), fault.clean),
    "reset before the response": (fault.clean, fault.reset_peer(0)),
    "reset in the response": (fault.clean, fault.reset_peer(900)),
    "end in the request": (fault.limit_data(700), fault.clean),
    "end before the response": (fault.clean, fault.limit_data(0)),
    "end in the response": (fault.clean, fault.limit_data(900)),
    "half closed in the request": (fault.half_close(700), fault.clean),
    "half closed in the response": (fault.clean, fault.half_close(900)),
    "garbage before the request": (fault.garbage(0, b"\x00\xffgarbage\r\n\r\n"), fault.clean),
    "garbage before the response": (fault.clean, fault.garbage(0, b"\x00\xffgarbage\r\n\r\n")),
    "garbage in the response": (fault.clean, fault.garbage(30, b"\x00\xff\x80 ")),
    "a damaged bit in the request's head": (fault.corrupt(3), fault.clean),
    "a damaged bit in the response's head": (fault.clean, fault.corrupt(10)),
    "the request's beginning twice": (fault.duplicate(20), fault.clean),
    "a byte now and then back": (fault.clean, fault.trickle(4)),
}
assert len(FAULTS) >= 31

# What the client speaks and what the upstream speaks.
PROTOCOLS = {"HTTP/1.1": (False, False), "HTTP/2 to HTTP/1.1": (True, False), "HTTP/2 to HTTP/2": (True, True)}
TIME_LIMIT = max(REQUEST, IDLE, HEAD, HANDSHAKE) + 1


class Counting:
    """An upstream that counts how often each request was executed, and answers with proof of what it got."""

    def __init__(self, serve, http2=False):
        self.executed, self.lock, self.http2 = {}, threading.Lock(), http2
        self.server = serve(self.behave_in_streams if http2 else self.behave)

    def execute(self, name, method, content):
        """The body of the answer."""
        with self.lock:
            self.executed[name] = self.executed.get(name, 0) + 1
        proof = hashlib.sha256(content).hexdigest()
        return BODY + json.dumps({"name": name, "method": method, "body": proof}).encode()

    def behave_in_streams(self, connection):
        def answer(http2, request):
            name = request.get("x-request") or "without a name"
            body = self.execute(name, request.get(":method"), request.body)
            http2.reply(request.stream, body, fields=[("etag", f'"{name}"')])
        try:
            answers(answer)(connection)
        except (h2.exceptions.ProtocolError, OSError, KeyError):
            raise Disconnected from None  # No HTTP, or an end in the middle.

    def behave(self, connection):
        while True:
            try:
                request = connection.read_request()
            except (ValueError, IndexError, AssertionError):
                return  # No HTTP.
            name = request.get("x-request") or "without a name"
            body = self.execute(name, request.line.split(" ")[0], request.body)
            connection.reply(body, fields=[f"ETag: \"{name}\""])


def exchange(port, credential, method, name, body, protocol):
    """(what came of it, seconds)."""
    started = time.monotonic()
    try:
        if PROTOCOLS[protocol][0]:
            with HTTP2Client(port, credential, timeout=TIME_LIMIT + 5) as client:
                return client.ask(content=body, method=method, fields=[("x-request", name)]), time.monotonic() - started
        with Client(port, credential, timeout=TIME_LIMIT + 5) as client:
            reply = client.request(method, "/", [f"X-Request: {name}"], body)
            outcome = reply if reply.complete else "incomplete"
    except (OSError, Closed, AssertionError, ValueError, Reset, GoneAway, HyperframeError, HPACKError) as error:
        outcome = f"{type(error).__name__}: {error}"
        assert not isinstance(error, TimeoutError), f"hung for {time.monotonic() - started:.1f} s"
    return outcome, time.monotonic() - started


def check(outcome, method, name, body, *, damages_head=False):
    """A whole answer with 200 is the upstream's answer to this request, byte for byte."""
    if isinstance(outcome, str):
        return
    if outcome.status == 200:
        assert outcome.body.startswith(BODY), "another body than the upstream sent"
        told = json.loads(outcome.body[len(BODY):])
        if damages_head:
            return
        assert told["body"] == hashlib.sha256(body or b"").hexdigest()
        assert told["method"] == method and told["name"] == name
        return
    # What damage makes of a request on its way to the upstream, the upstream answers.
    if damages_head and outcome.get("content-type") != "application/problem+json":
        return
    assert outcome.get("content-type") == "application/problem+json", outcome
    assert outcome.status in (400, 405, 408, 411, 413, 431, 501, 502, 503, 504, 505), outcome


@contextlib.contextmanager
def between_gateway_and_upstream(name, edge, serve, http2=False):
    counting = Counting(serve, http2)
    to_target, to_client = FAULTS[name]
    with FaultProxy(counting.server.port, to_target, to_client) as proxy:
        version = {"protocol": "http2"} if http2 else {}
        upstreams = {"back": {"targets": [f"http://127.0.0.1:{proxy.port}"], **version, "timeouts": {
            "connect": "1s", "request": f"{REQUEST}s", "idle": f"{IDLE}s"}}}
        route = {"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": "back"}
        yield counting, edge(None, upstreams=upstreams, routes=[route]).port


@contextlib.contextmanager
def between_client_and_gateway(name, edge, serve, _=False):
    counting = Counting(serve)
    one = edge(counting.server)
    with FaultProxy(one.port, *FAULTS[name]) as proxy:
        yield counting, proxy.port


PLACES = {"client": between_client_and_gateway, "upstream": between_gateway_and_upstream}


# What the network goes on delivering after the gateway has closed is not in the gateway's hands.
NETWORK = {("client", "a byte now and then back"), ("client", "nothing more arrives in the response")}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", FAULTS)
def test_fault(name, place, protocol, edge, serve, alice):
    if (place, name) in NETWORK:
        pytest.skip("not in the gateway's hands")
    _, to_upstream = PROTOCOLS[protocol]
    if place == "client" and to_upstream:
        pytest.skip("the fault is on the other side")
    with PLACES[place](name, edge, serve, to_upstream) as (counting, port):
        requests = [("GET", "get-1", None), ("POST", "post-1", b"x" * 5000), ("GET", "get-2", None),
                    ("POST", "post-2", b"y" * 50)]
        results = [None] * len(requests)

        def run(number):
            method, request, body = requests[number]
            try:
                results[number] = exchange(port, alice, method, request, body, protocol)
            except AssertionError as error:
                results[number] = error

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIME_LIMIT + 10)
            assert not thread.is_alive(), "a client hangs"
        for (method, request, body), result in zip(requests, results):
            if isinstance(result, AssertionError):
                raise result
            outcome, seconds = result
            assert seconds <= TIME_LIMIT, (request, outcome, seconds)
            check(outcome, method, request, body, damages_head=("damaged" in name or "garbage before the request" in name))
            if name == "none" or place == "client" and "latency" in name:
                assert not isinstance(outcome, str) and outcome.status == 200, outcome
        for request, count in counting.executed.items():
            if request.startswith("post"):
                assert count == 1, f"{request} was executed {count} times"


@pytest.mark.timeout(60)
def test_an_upstream_that_resets_kept_connections(edge, serve, alice):
    """A pooled connection dies while a POST is under way: it is not sent again."""
    counting = Counting(serve)
    with FaultProxy(counting.server.port) as proxy:
        route = {"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": f"http://127.0.0.1:{proxy.port}"}
        one = edge(None, routes=[route])
        with one.client(alice) as client:
            for number in range(20):
                # 130 bytes into the second exchange of each connection to the upstream.
                proxy.set(fault.reset_peer(900), fault.clean)
                with contextlib.suppress(Closed, OSError):
                    client.request("POST", "/", [f"X-Request: post-{number}"], b"z" * 500)
    assert all(count == 1 for count in counting.executed.values()), counting.executed
