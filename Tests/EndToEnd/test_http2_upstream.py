"""Upstreams that speak HTTP/2, by prior knowledge and by ALPN, in front of clients of HTTP/1.1."""

import hashlib
import ssl
import threading
import time

import pytest

from certificates import SERVER, Authority
from http2_servers import answers
from servers import answer_all

TIMEOUTS = {"connect": "2s", "request": "3s", "idle": "3s"}


def through(edge, upstream, protocol="http2", **changes):
    return edge(upstream, upstreams={"service": {
        "targets": [upstream.url], "protocol": protocol, "timeouts": TIMEOUTS, **changes}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])


def echoes(http2, request):
    http2.reply(request.stream, request.body, fields=[("x-method", request.get(":method"))])


def test_prior_knowledge(edge, serve, alice):
    upstream = serve(answers(echoes))
    one = through(edge, upstream)
    with one.client(alice) as client:
        for number in range(5):
            reply = client.request("POST", f"/a/{number}?q=1", body=b"x" * number, fields=["X-Mine: Yes"])
            assert (reply.status, reply.body, reply.get("x-method")) == (200, b"x" * number, "POST")
    assert len(upstream.connections) == 1
    request = upstream.requests[3]
    assert request.fields[:4] == [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", "/a/3?q=1")]
    assert request.get("x-mine") == "Yes" and request.get("content-length") == "3"
    assert request.get("x-forwarded-proto") == "https" and request.get("x-request-id")
    assert not any(name in ("connection", "host", "transfer-encoding", "keep-alive") for name, _ in request.fields)


@pytest.mark.parametrize("offers, protocol, spoken", [
    (["h2", "http/1.1"], "auto", "http2"), (["http/1.1"], "auto", "http1"), ([], "auto", "http1"),
    (["h2", "http/1.1"], "http1", "http1"), (["h2"], "http2", "http2"),
])
def test_alpn(edge, serve, authority, alice, tmp_path, offers, protocol, spoken):
    internal = Authority(tmp_path, "Internal Root")
    credential = internal.issue("orders", usage=SERVER, names=["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credential.certificate_file, credential.key_file)
    if offers:
        context.set_alpn_protocols(offers)
    upstream = serve(answers() if spoken == "http2" else answer_all, tls=context)
    one = edge(
        upstream,
        pki={"authorities": {"test": {"file": str(authority.file)}, "internal": {"file": str(internal.file)}}},
        upstreams={"service": {"targets": [upstream.url], "protocol": protocol, "tls": {"trust": ["internal"]},
                               "timeouts": TIMEOUTS}},
        routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with one.client(alice) as client:
        assert [client.request().status for _ in range(3)] == [200] * 3
    assert len(upstream.connections) == 1


def test_http2_only_needs_http2(edge, serve, authority, alice, tmp_path):
    internal = Authority(tmp_path, "Internal Root")
    credential = internal.issue("orders", usage=SERVER, names=["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credential.certificate_file, credential.key_file)
    upstream = serve(answer_all, tls=context)
    one = edge(
        upstream,
        pki={"authorities": {"test": {"file": str(authority.file)}, "internal": {"file": str(internal.file)}}},
        upstreams={"service": {"targets": [upstream.url], "protocol": "http2", "tls": {"trust": ["internal"]},
                               "timeouts": TIMEOUTS}},
        routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (502, "SP5020")


def test_a_server_of_http1_is_told_apart(edge, serve, alice):
    def refuses(connection):
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)
    one = through(edge, serve(refuses))
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (502, "SP5020")


def test_requests_share_a_connection(edge, serve, alice):
    upstream = serve(answers(lambda http2, request: (time.sleep(0.02), http2.reply(request.stream, request.get(":path").encode()))))
    one = through(edge, upstream)
    problems = []

    def ask(number):
        with one.client(alice) as client:
            for turn in range(10):
                path = f"/{number}/{turn}"
                if client.request(path=path).body != path.encode():
                    problems.append(path)
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(upstream.connections) <= 2  # one for each worker


def test_large_content_both_ways(edge, serve, alice):
    content = bytes(range(256)) * 16_384  # 4 MiB
    upstream = serve(answers(echoes))
    one = through(edge, upstream)
    with one.client(alice, timeout=30) as client:
        reply = client.request("POST", body=content)
        assert hashlib.sha256(reply.body).digest() == hashlib.sha256(content).digest()


def test_trailers_and_unknown_length(edge, serve, alice):
    upstream = serve(answers(lambda http2, request: http2.reply(
        request.stream, b"abc", length=False, trailers=[("x-sum", "6")])))
    one = through(edge, upstream)
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
        assert client.read_until(b"\r\n0\r\n").endswith(b"\r\n\r\n3\r\nabc\r\n0\r\n")
        assert client.read_until(b"\r\n\r\n") == b"x-sum: 6\r\n\r\n"
    assert upstream.requests[0].get("te") == "trailers"


def test_head_and_no_content(edge, serve, alice):
    upstream = serve(answers(lambda http2, request: http2.reply(request.stream, b"", status=204, length=False)
                             if request.get(":path") == "/204" else http2.h2.send_headers(
                                 request.stream, [(":status", "200"), ("content-length", "7")], end_stream=True) or http2.flush()))
    one = through(edge, upstream)
    with one.client(alice) as client:
        assert client.request("HEAD").get("content-length") == "7"
        assert client.request(path="/204").status == 204
        assert client.request("HEAD").status == 200


def test_full_connections_are_joined_by_others(edge, serve, alice):
    """Two requests at a time on each connection: five at once need more connections or wait."""
    release = threading.Event()

    def slow(http2, request):
        threading.Thread(target=lambda: (release.wait(5), http2.reply(request.stream)), daemon=True).start()
    upstream = serve(answers(slow, settings={3: 2}))
    one = through(edge, upstream)
    statuses = []

    def ask():
        with one.client(alice) as client:
            statuses.append(client.request().status)
    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    release.set()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 5
    assert len(upstream.connections) >= 2


def test_idle_connections_close(edge, serve, alice):
    upstream = serve(answers())
    one = through(edge, upstream, timeouts={**TIMEOUTS, "idle": "300ms"})
    with one.client(alice) as client:
        assert client.request().status == 200
        time.sleep(1.5)
        assert client.request().status == 200
    assert len(upstream.connections) == 2


def test_reload_drains(edge, serve, alice):
    upstream = serve(answers())
    one = through(edge, upstream)
    with one.client(alice) as client:
        assert client.request().status == 200
        one.gateway.command("reload")
        assert client.request().status == 200
    assert len(upstream.connections) == 2


def test_refusals_of_grpc_calls(edge, serve, alice):
    """A gRPC caller reads grpc-status; also where the call came over HTTP/1.1."""
    one = edge(serve(answers()), routes=[{"match": {"path": "/a"}, "allow": ["alice"], "to": "http://127.0.0.1:9"}])
    fields = ["Content-Type: application/grpc+proto", "TE: trailers"]
    with one.client(alice) as client:
        reply = client.request("POST", "/none", fields=fields, body=b"")
        assert (reply.status, reply.get("grpc-status"), reply.get("content-type")) == (200, "12", "application/grpc")
        assert reply.get("grpc-message").startswith("SP") and reply.body == b""
    with one.client(alice) as client:
        reply = client.request("POST", "/a", fields=fields, body=b"")
        assert (reply.status, reply.get("grpc-status")) == (200, "14")
    line = one.gateway.access_line(lambda line: line["url.path"] == "/a")
    assert "SP5001" in str(line)


def test_tunnels_need_http1(edge, serve, alice):
    """An upstream of HTTP/2 only gets no WebSocket, and the client is told so."""
    one = through(edge, serve(answers()))
    with one.client(alice) as client:
        reply = client.request(fields=[
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="])
        assert (reply.status, reply.code) == (502, "SP5025")
