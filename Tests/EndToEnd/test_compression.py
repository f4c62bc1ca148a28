"""gzip and brotli where a route asks for them, read by other people's decoders."""

import gzip
import json
import os
import time
import zlib

import brotli
import pytest

from http2_client import HTTP2Client

TEXT = json.dumps([{"number": n, "word": "sallyport"} for n in range(5000)]).encode()
JSON = "Content-Type: application/json"
DECODE = {"gzip": gzip.decompress, "br": brotli.decompress}


def compressing(edge, upstream, codings=("br", "gzip")):
    return edge(upstream, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "compress": list(codings), "to": upstream.url}])


def answering(serve, body=TEXT, fields=(JSON,), status="200 OK", chunked=False):
    def behaviour(connection):
        while True:
            request = connection.read_request()
            if chunked:
                head = "\r\n".join([f"HTTP/1.1 {status}", "Transfer-Encoding: chunked", *fields]).encode() + b"\r\n\r\n"
                connection.send(head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
            elif request.line.startswith("HEAD"):
                connection.send("\r\n".join(
                    [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]).encode() + b"\r\n\r\n")
            else:
                connection.reply(body, status, fields)
    return serve(behaviour)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("accept, coding", [
    ("gzip", "gzip"), ("br", "br"), ("gzip, deflate, br, zstd", "br"), ("br;q=0.1, gzip", "gzip"), ("*", "br")])
def test_compresses_for_those_who_accept_it(accept, coding, chunked, edge, serve, alice):
    with compressing(edge, answering(serve, chunked=chunked)).client(alice) as client:
        reply = client.request(fields=[f"Accept-Encoding: {accept}"])
        assert reply.get("content-encoding") == coding and reply.get("vary") == "accept-encoding"
        assert len(reply.body) < len(TEXT) / 5 and DECODE[coding](reply.body) == TEXT
        assert reply.get("content-length") is None
        assert client.request(fields=[f"Accept-Encoding: {accept}"]).status == 200, "the connection goes on"


@pytest.mark.parametrize("fields", [[], ["Accept-Encoding: identity"], ["Accept-Encoding: gzip;q=0, br;q=0"], ["Accept-Encoding: x"]])
def test_leaves_it_for_the_others(fields, edge, serve, alice):
    with compressing(edge, answering(serve)).client(alice) as client:
        reply = client.request(fields=fields)
        assert reply.body == TEXT and not reply.all("content-encoding")
        assert reply.get("vary") == "accept-encoding", "caches must keep the two apart"


@pytest.mark.parametrize("why, options", [
    ("already compressed", {"fields": [JSON, "Content-Encoding: gzip"]}),
    ("a picture", {"fields": ["Content-Type: image/png"]}),
    ("no type", {"fields": []}),
    ("an event stream", {"fields": ["Content-Type: text/event-stream"], "chunked": True}),
    ("not to be changed", {"fields": [JSON, "Cache-Control: public, no-transform"]}),
    ("small", {"body": b"{}"}),
    ("a part", {"status": "206 Partial Content", "fields": [JSON, "Content-Range: bytes 0-9/100"]}),
])
def test_leaves_what_is_not_for_that(why, options, edge, serve, alice):
    with compressing(edge, answering(serve, **options)).client(alice) as client:
        reply = client.request(fields=["Accept-Encoding: br, gzip"])
        assert reply.body == options.get("body", TEXT), why


def test_validators_become_weak(edge, serve, alice):
    fields = [JSON, 'ETag: "abc"', "Accept-Ranges: bytes", "Content-Digest: sha-256=:AA==:", "Vary: origin"]
    with compressing(edge, answering(serve, fields=fields)).client(alice) as client:
        reply = client.request(fields=["Accept-Encoding: gzip"])
        assert reply.get("etag") == 'W/"abc"'
        assert not reply.all("accept-ranges") and not reply.all("content-digest")
        assert reply.all("vary") == ["origin", "accept-encoding"]
        plain = client.request()
        assert plain.get("etag") == '"abc"' and plain.get("accept-ranges") == "bytes"


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("accept", ["gzip", "br, gzip", None])
def test_head_says_what_get_would_have_got(accept, version, edge, serve, alice):
    fields = [("accept-encoding", accept)] if accept else []
    one = compressing(edge, answering(serve, fields=[JSON, 'ETag: "abc"']))
    if version == 1:
        with one.client(alice) as client:
            lines = [f"{name}: {value}" for name, value in fields]
            got, asked = client.request(fields=lines), client.request("HEAD", fields=lines)
    else:
        with HTTP2Client(one.port, alice) as client:
            got, asked = client.ask(fields=fields), client.ask(method="HEAD", fields=fields)
    assert asked.status == 200 and asked.body == b"" and asked.get("vary") == "accept-encoding"
    for name in ("vary", "content-encoding", "etag", "content-type"):
        assert asked.all(name) == got.all(name), name
    assert asked.all("content-length") == ([] if accept else [str(len(TEXT))])


@pytest.mark.parametrize("accept, etag", [("gzip", 'W/"abc"'), (None, '"abc"')])
def test_304_is_for_the_same_clients(accept, etag, edge, serve, alice):
    """A cache that keeps the variants apart has to learn which of them is still good."""
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\nContent-Length: 90000\r\n\r\n')
    with compressing(edge, serve(behaviour)).client(alice) as client:
        reply = client.request(fields=[f"Accept-Encoding: {accept}"] if accept else [])
        assert reply.status == 304 and reply.get("vary") == "accept-encoding" and reply.get("etag") == etag
        assert not reply.all("content-encoding")
        assert reply.all("content-length") == ([] if accept else ["90000"])
        assert client.request().status == 304


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 90000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n",
])
def test_head_of_what_is_never_compressed(head, edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.send(head)
    with compressing(edge, serve(behaviour)).client(alice) as client:
        reply = client.request("HEAD", fields=["Accept-Encoding: gzip"])
        assert not reply.all("vary") and not reply.all("content-encoding")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_the_upstream_has_sent_is_not_held_back(coding, edge, serve, alice):
    """A pause of the upstream lets out what was taken so far."""
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for word in [b"first ", b"second", b""]:
            connection.send(b"%x\r\n" % len(word) + word + b"\r\n")
            time.sleep(0.4)
    decoder = zlib.decompressobj(31) if coding == "gzip" else brotli.Decompressor()
    with compressing(edge, serve(behaviour)).client(alice) as client:
        client.send(f"GET / HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
        client.read_head()
        started, text = time.monotonic(), b""
        while b"first " not in text:
            size = int(client.read_until(b"\r\n"), 16)
            piece = client.read_exactly(size)
            text += decoder.decompress(piece) if coding == "gzip" else decoder.process(piece)
            client.read_exactly(2)
        assert time.monotonic() - started < 0.35


def test_a_response_that_breaks_off_is_cut(edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" + b"a" * 50000)
        connection.reset()
    with compressing(edge, serve(behaviour)).client(alice) as client:
        assert not client.request(fields=["Accept-Encoding: gzip"]).complete


def test_much_content_in_little_memory(edge, serve, alice):
    size, line = 64 << 20, os.urandom(512).hex().encode()
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(line)):
            connection.send(line)
    one = compressing(edge, serve(behaviour))
    before = one.gateway.resident_bytes()
    with one.client(alice, timeout=30) as client:
        reply = client.request(fields=["Accept-Encoding: gzip"])
        assert gzip.decompress(reply.body) == line * (size // len(line))
    assert one.gateway.resident_bytes() - before < 30 << 20
