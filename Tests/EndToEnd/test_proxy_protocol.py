"""A load balancer says for whom it speaks: what is believed, and of whom."""

import contextlib
import socket
import ssl
import struct
import time

import pytest

from clients import Client, Closed, context_for

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LINE = b"PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n"
ADDRESSES = bytes([203, 0, 113, 7, 198, 51, 100, 1]) + struct.pack(">HH", 56324, 443)


def block(content=ADDRESSES, command=0x21, family=0x11):
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(content)) + content


class Proxied(Client):
    """A client behind a load balancer that begins with these pieces."""

    def __init__(self, port, credential, *pieces, address="127.0.0.1"):
        plain = socket.create_connection(("127.0.0.1", port), timeout=8, source_address=(address, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                plain.sendall(piece)
                if len(pieces) > 1:
                    time.sleep(0.02)
            self.socket = context_for(credential).wrap_socket(plain, server_hostname="localhost")
        except BaseException:
            plain.close()
            raise
        self.buffer = b""


@pytest.fixture
def balanced(edge, serve):
    def start(trust=("127.0.0.1/32",), **changes):
        one = edge(serve(), listeners__main__proxyProtocol={"trust": list(trust), **changes.pop("proxy", {})}, **changes)
        return one
    return start


def is_refused(port, credential, *pieces, **options):
    try:
        with Proxied(port, credential, *pieces, **options) as client:
            client.request()
    except (OSError, Closed, ssl.SSLError):
        return True
    return False


@pytest.mark.parametrize("header", [LINE, block(), block(ADDRESSES + b"\x02\x00\x03a.b")], ids=["v1", "v2", "v2 with entries"])
def test_the_client_of_the_header_is_the_client(header, balanced, alice):
    one = balanced()
    with Proxied(one.port, alice, header) as client:
        assert client.request(path="/seen").status == 200
    assert "203.0.113.7" in one.upstream.requests[-1].get("x-forwarded-for")
    line = one.gateway.access_line(lambda line: "/seen" in str(line))
    assert "203.0.113.7" in str(line), line


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", block(b"", 0x20, 0), block(b"", 0x21, 0)], ids=["UNKNOWN", "LOCAL", "UNSPEC"])
def test_a_balancer_that_speaks_for_itself(header, balanced, alice):
    one = balanced()
    with Proxied(one.port, alice, header) as client:
        assert client.request().status == 200
    assert "127.0.0.1" in one.upstream.requests[-1].get("x-forwarded-for")


def test_a_header_may_come_in_pieces(balanced, alice):
    one = balanced()
    for whole in (LINE, block()):
        for cut in (1, 5, 12, 15, 16, 20, len(whole) - 1):
            with Proxied(one.port, alice, whole[:cut], whole[cut:]) as client:
                assert client.request().status == 200


BAD = {
    "none at all": (b"", "SP4056"),
    "malformed": (b"PROXY TCP4 203.0.113.7 198.51.100.1 56324\r\n", "SP4055"),
    "too long": (b"PROXY UNKNOWN " + b"A" * 200 + b"\r\n", "SP4058"),
    "longer than is taken": (SIGNATURE + b"\x21\x11\xff\xff", "SP4058"),
    "of UDP": (block(family=0x12), "SP4055"),
    "wrong checksum": (block(ADDRESSES + b"\x03\x00\x04\x01\x02\x03\x04"), "SP4059"),
    "entry cut short": (block(ADDRESSES + b"\x04\x00\x09\x00"), "SP4055"),
    "two": (LINE + LINE, "SP20"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_header_ends_the_connection(kind, balanced, alice):
    header, code = BAD[kind]
    one = balanced()
    mark = one.gateway.mark()
    assert is_refused(one.port, alice, header)
    one.gateway.logged(code, since=mark, timeout=4)
    assert not one.upstream.requests


def test_nobody_else_is_believed(balanced, alice):
    one = balanced()
    mark = one.gateway.mark()
    for header in (LINE, block(), b""):
        assert is_refused(one.port, alice, header, address="127.0.0.9")
    one.gateway.logged("SP4057", since=mark, timeout=4)
    assert not one.upstream.requests


def test_others_may_come_in_as_themselves(balanced, alice):
    one = balanced(proxy={"others": "direct"})
    with Proxied(one.port, alice, address="127.0.0.9") as client:
        assert client.request().status == 200
    assert "127.0.0.9" in one.upstream.requests[-1].get("x-forwarded-for")
    # And their header is not believed.
    assert is_refused(one.port, alice, LINE, address="127.0.0.9")


def test_a_balancer_that_says_nothing_is_not_waited_for_longer_than_a_handshake(balanced, alice):
    one = balanced()
    with contextlib.closing(socket.create_connection(("127.0.0.1", one.port))) as silent:
        silent.sendall(LINE[:10])
        silent.settimeout(8)
        started = time.monotonic()
        assert silent.recv(1) == b""
        assert 3 < time.monotonic() - started < 7


def test_limits_hold_for_the_client_of_the_header(balanced, alice):
    one = balanced(limits={"addresses": {"connections": 2, "exempt": ["127.0.0.0/8"]}})
    held = [Proxied(one.port, alice, LINE) for _ in range(2)]
    try:
        assert is_refused(one.port, alice, LINE)
        other = LINE.replace(b"203.0.113.7", b"203.0.113.8")
        assert not is_refused(one.port, alice, other)
    finally:
        for client in held:
            client.close()


# To upstreams.

def recording():
    """An upstream that takes a PROXY header off and writes it down."""
    headers = []

    def behaviour(connection):
        connection.receive()
        if connection.buffer.startswith(SIGNATURE):
            length = struct.unpack(">H", connection.buffer[14:16])[0]
            headers.append(connection.read_exactly(16 + length))
        else:
            headers.append(connection.read_until(b"\r\n"))
        while True:
            connection.read_request()
            connection.reply(b"ok")

    return headers, behaviour


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_upstream_learns_who_the_client_is(version, edge, serve, alice):
    headers, behaviour = recording()
    upstream = serve(behaviour)
    one = edge(upstream, upstreams={"behind": {"targets": [upstream.url], "proxyProtocol": version}},
               routes=[{"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": "behind"}])
    for address in ("127.0.0.2", "127.0.0.3"):
        plain = Proxied(one.port, alice, address=address)
        with plain as client:
            assert client.request().status == 200
            assert client.request().status == 200
    # A connection for each request, so that none ever speaks for somebody else.
    assert len(headers) == 4
    if version == "v1":
        assert [header.split(b" ")[2] for header in headers] == [b"127.0.0.2"] * 2 + [b"127.0.0.3"] * 2
    else:
        assert [header[16:20] for header in headers] == [bytes([127, 0, 0, 2])] * 2 + [bytes([127, 0, 0, 3])] * 2
        assert all(b"alice" in header and b"localhost" in header for header in headers)
