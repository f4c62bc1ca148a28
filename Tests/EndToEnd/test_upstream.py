"""Upstreams that misbehave. Each gets its own code, no request hangs, and no reply ever reaches the wrong request."""

import time

import pytest

from clients import Closed
from gateway import free_port

SHORT = {"connect": "1s", "request": "1s", "idle": "1s"}


def through(edge, upstream, **timeouts):
    """A gateway whose only route goes to this upstream with short timeouts."""
    return edge(upstream, upstreams={"service": {"targets": [upstream.url], "timeouts": {**SHORT, **timeouts}}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])


def closes_before_the_head(connection):
    connection.read_request()


def resets_before_the_head(connection):
    connection.read_request()
    connection.reset()


def closes_in_the_head(connection):
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")


def never_answers(connection):
    connection.read_request()
    time.sleep(20)


def stalls_in_the_head(connection):
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    time.sleep(20)


def says(data):
    def behaviour(connection):
        connection.read_request()
        connection.send(data)
        time.sleep(0.5)
    return behaviour


NO_GOOD_HEAD = {
    "closes before the head": (502, "SP5003", closes_before_the_head),
    "resets before the head": (502, "SP5003", resets_before_the_head),
    "closes in the head": (502, "SP5003 SP5006", closes_in_the_head),
    "never answers": (504, "SP5002", never_answers),
    "stalls in the head": (504, "SP5002", stalls_in_the_head),
    "speaks no HTTP": (502, "SP5005", says(b"220 mail.test ESMTP\r\n\r\n")),
    "both lengths": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
    "two lengths": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")),
    "a negative length": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")),
    "a strange coding": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
    "a folded field": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n")),
    "NUL in a field": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nX-A: b\x00c\r\nContent-Length: 0\r\n\r\n")),
    "bare LF in a field": (502, "SP5005", says(b"HTTP/1.1 200 OK\r\nX-A: b\nX-B: c\r\nContent-Length: 0\r\n\r\n")),
    "status 99": (502, "SP5005", says(b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n")),
    "switches protocols unasked": (502, "SP5005", says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nx")),
    "a huge head": (502, "SP5007", says(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: " % n + b"a" * 8000 + b"\r\n" for n in range(40)))),
    "interim replies without end": (502, "SP5005", says(b"HTTP/1.1 102 Processing\r\n\r\n" * 5000)),
}


@pytest.mark.parametrize("kind", NO_GOOD_HEAD)
def test_no_good_head(kind, edge, serve, alice):
    status, code, behaviour = NO_GOOD_HEAD[kind]
    one = through(edge, serve(behaviour))
    with one.client(alice) as client:
        begun = time.monotonic()
        reply = client.request("POST", body=b"once")
        assert reply.status == status and reply.code in code, reply
        assert time.monotonic() - begun < 4
    assert len(one.upstream.requests) == 1, "a request that is not safe to repeat was sent again"
    assert one.gateway.access_line(lambda line: line.get("sallyport.reason") == reply.code)


def test_nobody_listens(edge, alice):
    one = edge(None, upstreams={"service": {"targets": [f"http://127.0.0.1:{free_port()}"], "timeouts": SHORT}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (502, "SP5001")
        assert client.request().status == 502, "the client's connection outlives the refusal"


def test_another_target_takes_over(edge, serve, alice):
    """A target that refuses connections does not fail requests while another one serves."""
    upstream = serve()
    one = edge(upstream, upstreams={"service": {"targets": [f"http://127.0.0.1:{free_port()}", upstream.url], "timeouts": SHORT}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with one.client(alice) as client:
        assert [client.request().status for _ in range(10)] == [200] * 10


# After the head it is too late for another status: the reply must visibly be cut short.

CUT_SHORT = {
    "closes in a body of known length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
    "closes between chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "closes in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    "a chunk size that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    "a chunk longer than it says": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n",
}


def whole_reply(client):
    """The reply, or nothing when it was cut short."""
    try:
        reply = client.request()
    except Closed:
        return None
    return reply if reply.complete else None


@pytest.mark.parametrize("kind", CUT_SHORT)
def test_cut_short(kind, edge, serve, alice):
    one = through(edge, serve(says(CUT_SHORT[kind])))
    with one.client(alice) as client:
        reply = whole_reply(client)
        assert reply is None or reply.status == 502, reply
        assert reply or client.is_closed()
    one.gateway.access_line(lambda line: line.get("sallyport.reason") in ("SP5005", "SP5006"))


def test_stalls_in_the_body(edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
        time.sleep(20)
    one = through(edge, serve(behaviour))
    with one.client(alice) as client:
        begun = time.monotonic()
        assert not client.request().complete
        assert time.monotonic() - begun < 5
    one.gateway.access_line(lambda line: line.get("sallyport.reason") == "SP5008")


def test_more_bytes_than_the_length_says(edge, serve, alice):
    """What is too much belongs to no request: that connection is given up, and the next request has another."""
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
    upstream = serve(behaviour)
    one = through(edge, upstream)
    with one.client(alice) as client:
        assert [client.request(path=f"/{n}").body for n in range(5)] == [b"good"] * 5
    assert len(upstream.connections) == 5


def test_junk_before_the_next_reply(edge, serve, alice):
    """Bytes on an idle pooled connection poison it: response-queue poisoning."""
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.reply(b"good")
            time.sleep(0.1)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
    upstream = serve(behaviour)
    one = through(edge, upstream)
    with one.client(alice) as client:
        for _ in range(5):
            assert client.request().body == b"good"
            time.sleep(0.2)
    assert len(upstream.connections) == 5


def test_answers_twice_at_once_to_different_clients(edge, serve, alice, bob):
    """The second answer never becomes somebody else's."""
    def behaviour(connection):
        while True:
            request = connection.read_request()
            body = request.target.encode()
            message = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            connection.send(message + message)
    one = through(edge, serve(behaviour))
    clients = [one.client(alice) for _ in range(5)]
    for turn in range(5):
        for number, client in enumerate(clients):
            path = f"/{turn}/{number}"
            assert client.request(path=path).body == path.encode()
    for client in clients:
        client.close()


def test_answers_early_while_the_upload_goes_on(edge, serve, alice):
    """The reply gets through, and neither connection is used again: what is left of the upload is not a request."""
    def behaviour(connection):
        connection.note(connection.read_head())
        connection.reply(b"enough", status="413 Content Too Large")
        time.sleep(1)
    upstream = serve(behaviour)
    one = through(edge, upstream)
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with one.client(alice) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + smuggled)
        reply = client.read_reply()
        assert (reply.status, reply.body) == (413, b"enough")
        try:
            for _ in range(10):
                client.send(smuggled * 1000)
                time.sleep(0.02)
        except OSError:
            pass
        assert client.is_closed()
    with one.client(alice) as client:
        assert client.request(path="/next").status == 413
    assert [request.target for request in upstream.requests] == ["/", "/next"]
    assert len(upstream.connections) == 2


def test_the_client_goes_away(edge, serve, alice):
    """Its request to the upstream is given up, not kept."""
    gone = []

    def behaviour(connection):
        connection.read_request()
        connection.socket.settimeout(5)
        gone.append(connection.socket.recv(1))
    one = edge(serve(behaviour))
    client = one.client(alice)
    client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    one.upstream.wait_for_requests(1)
    client.close()
    deadline = time.monotonic() + 5
    while not gone and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone == [b""]


def test_connections_are_pooled(edge, serve, alice):
    upstream = serve()
    one = edge(upstream)
    for _ in range(5):
        with one.client(alice) as client:
            for _ in range(5):
                assert client.request().status == 200
    # One pool per worker thread.
    assert len(upstream.connections) <= 5


def test_keep_alive_race(edge, serve, alice):
    """The upstream closes idle connections at the worst moment: no safe request fails."""
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.reply()
            if connection.served == 3:
                time.sleep(0.001 * (connection.number % 5))
                return
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        statuses = []
        for turn in range(200):
            statuses.append(client.request().status)
            time.sleep(0.001 * (turn % 5))
    assert statuses == [200] * 200


def test_closes_when_the_second_request_arrives(edge, serve, alice):
    """The worst moment of all: the request is on its way. A GET is repeated, a POST is not."""
    def behaviour(connection):
        connection.read_request()
        connection.reply()
        connection.read_head()
    upstream = serve(behaviour)
    one = edge(upstream)
    with one.client(alice) as client:
        assert [client.request(path=f"/{n}").status for n in range(20)] == [200] * 20
        statuses = [client.request("POST", path="/post", body=b"x").status for n in range(10)]
        assert set(statuses) <= {200, 502}
    heads = [request.target for request in upstream.requests]
    assert heads.count("/post") == statuses.count(200)


def test_a_response_split_into_bytes(edge, serve, alice):
    def behaviour(connection):
        while True:
            connection.read_request()
            for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n":
                connection.send(bytes([byte]))
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        assert [client.request().body for _ in range(3)] == [b"hello"] * 3
