"""What one client or one upstream could do to others through what they share: connections, tables, turns, queues."""

import threading
import time

import pytest

from certificates import Authority
from http2_client import HTTP2Client
from http2_servers import Raw, answers
from test_reload import changed

ANYONE = [{"name": "all", "match": {"path": "/"}, "allow": "anyone", "because": "a test"}]


def to_service(upstream, protocol="http1", **upstream_changes):
    return {
        "upstreams": {"service": {"targets": [upstream.url], "protocol": protocol, **upstream_changes}},
        "routes": [{"match": {"path": "/"}, "allow": ["alice"], "to": "service"}]}


def test_who_lost_trust_is_nobody_on_http2(edge, serve, alice, tmp_path):
    """After the first refusal, too: the connection does not become one of somebody without a certificate."""
    upstream = serve()
    one = edge(upstream, routes=[{**ANYONE[0], "to": upstream.url}])
    with HTTP2Client(one.port, alice) as client:
        assert client.ask().status == 200
        stranger = Authority(tmp_path, "Successor")
        one.gateway.write(changed(one, "pki__authorities__test__file", str(stranger.file)))
        one.gateway.command("reload")
        statuses = [client.ask().status]
        try:
            statuses.append(client.ask().status)
        except Exception:  # noqa: BLE001 - an end of the connection is as good
            pass
    assert set(statuses) == {403}
    assert len(upstream.requests) == 1


def test_a_request_too_large_for_a_frame_leaves_others_alone(edge, serve, alice):
    """The compression of a connection that many clients share stays what the upstream thinks it is."""
    upstream = serve(answers())
    one = edge(upstream, arguments=("--threads", "1"), **to_service(upstream, "http2"))
    large = [f"X-Large-{number}: {'~' * 7000}" for number in range(3)]
    with one.client(alice) as good, one.client(alice) as bad:
        assert good.request(fields=["X-Mine: first"]).status == 200
        begun = time.monotonic()
        reply = bad.request(fields=["X-New: bad", *large])
        assert (reply.status, reply.code) == (431, "SP4031") and time.monotonic() - begun < 2
        for number in range(3):
            assert good.request(fields=["X-Mine: first", f"X-Other: {number}"]).status == 200
    assert [request.get("x-mine") for request in upstream.requests] == ["first"] * 4
    assert len(upstream.connections) == 1


def test_an_answer_before_the_end_of_the_request_ends_the_connection(edge, serve, alice):
    """A server that answers without reading the content takes it for the next request (CL.0)."""
    sent, targets = threading.Event(), []

    def behaviour(connection):
        while True:
            targets.append(connection.read_head().target)
            if targets[-1] != "/early":
                connection.reply()
                continue
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            assert sent.wait(5)
            time.sleep(0.3)
            connection.send(b"0\r\n\r\n")

    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.send(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n")
        client.read_until(b"hi\r\n")
        client.send(b"GET /smuggled HTTP/1.1\r\nX: ")
        sent.set()
        client.read_until(b"0\r\n\r\n")
        time.sleep(0.2)
    with one.client(alice) as client:
        assert client.request(path="/next").status == 200
    assert targets == ["/early", "/next"]


def test_an_upload_that_is_acknowledged_often(edge, serve, alice):
    """Frames that content explains are no flood."""
    def behaviour(connection):
        raw = Raw(connection)
        stream, count = 1, 0
        while True:
            kind, flags, number, payload = raw.read_frame()
            if kind == 0 and payload:
                count += 1
                raw.send(*(raw.window(0, 1) for _ in range(5)), raw.window(number, len(payload)), raw.window(0, len(payload)))
            if kind in (0, 1) and flags & 1:
                stream = number
                break
        raw.send(raw.head(stream, ("x-frames", str(count)), end=True))
        connection.receive()

    upstream = serve(behaviour)
    one = edge(upstream, **to_service(upstream, "http2"))
    with one.client(alice) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n\r\n")
        for _ in range(4000):
            client.send(b"x" * 100)
            time.sleep(0.0005)
        reply = client.read_reply()
    assert reply.status == 200, reply
    assert int(reply.get("x-frames")) > 1700


def test_requests_that_cannot_be_said_are_no_fault_of_the_target(edge, serve, alice):
    """Whoever may ask a service could otherwise take all its targets out of service."""
    upstream, other = serve(answers()), serve(answers())
    changes = to_service(upstream, "http2", health={"ejectAfter": 2, "ejectAtMost": "100%"})
    changes["upstreams"]["service"]["targets"].append(other.url)
    one = edge(upstream, **changes)
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    for _ in range(6):
        with one.client(alice) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Bytes: \xff\r\n\r\n")
            assert client.read_reply().code == "SP5026"
        with one.client(alice) as client:
            assert client.request(fields=upgrade).code == "SP5025"
    assert "target ejected" not in one.gateway.output


def test_a_line_of_turns_that_come_to_nothing(edge, serve, alice, bob):
    """Each turn that ends at once gives way to the next without going deeper."""
    release = threading.Event()

    def behaviour(connection):
        connection.read_request()
        release.wait(20)
        connection.reply()

    upstream = serve(behaviour)
    one = edge(
        upstream, arguments=("--threads", "1"), limits={"requests": 2},
        upstreams={"slow": {"targets": [upstream.url]},
                   "full": {"targets": [upstream.url], "circuit": {"maxRequests": 1, "maxPending": 0}}},
        routes=[{**ANYONE[0], "name": "slow", "match": {"path": "/slow"}, "to": "slow"}, {**ANYONE[0], "to": "full"}])
    with one.client(alice) as holder, one.client(alice) as other:
        for client, path in ((other, "/"), (holder, "/slow")):
            client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        upstream.wait_for_requests(2)
        clients = [HTTP2Client(one.port, alice if number % 2 else bob, timeout=20) for number in range(10)]
        # As many as may wait, at once: each waits a second.
        for client in clients:
            client.send(b"".join(client.headers(client.fields(), 2 * number + 1) for number in range(99)))
        time.sleep(0.5)
        holder.close()
        statuses = [client.read_response(2 * number + 1).status for client in clients for number in range(99)]
        release.set()
        assert set(statuses) == {503} and one.gateway.alive
        for client in clients:
            client.close()


def test_trailers_that_fit_no_frame_are_left_out(edge, serve, alice):
    """In both directions, and the connection stays good for what follows."""
    large = "".join(f"X-Large-{number}: {'~' * 7000}\r\n" for number in range(3)).encode()

    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Mine: yes\r\n\r\n2\r\nok\r\n0\r\n" + large + b"\r\n")

    one = edge(serve(behaviour))
    with HTTP2Client(one.port, alice) as client:
        for _ in range(3):
            reply = client.ask(fields=[("te", "trailers")])
            assert (reply.status, reply.body, reply.get("x-mine")) == (200, b"ok", "yes")
            assert not getattr(reply, "trailers", None)

    upstream = serve(answers())
    two = edge(upstream, arguments=("--threads", "1"), **to_service(upstream, "http2"))
    with two.client(alice) as client:
        for _ in range(3):
            client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Mine: yes\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
                        + large + b"\r\n")
            assert client.read_reply().status == 200
    assert [request.get("x-mine") for request in upstream.requests] == ["yes"] * 3
    assert len(upstream.connections) == 1
