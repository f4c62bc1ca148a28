"""Frames that break a rule of RFC 9113 or RFC 7541, section by section, and how each is answered."""

import struct

import pytest

import http2_client as h2
from http2_client import HTTP2Client, frame

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
#: GET / of localhost over https, without any dynamic entry.
GET = b"\x82\x84\x87\x01\x09localhost"
POST = b"\x83\x84\x87\x01\x09localhost"


def setting(number, value):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", number, value))


def number(value):
    return struct.pack(">I", value)


OPEN = frame(HEADERS, END_HEADERS, 1, POST)
ENDED = frame(HEADERS, END_HEADERS | END_STREAM, 1, GET)

CONNECTION_ERRORS = {
    "4.2 DATA beyond the size": (OPEN + frame(DATA, 0, 1, bytes(16385)), h2.FRAME_SIZE_ERROR),
    "4.2 HEADERS beyond the size": (frame(HEADERS, 5, 1, bytes(16385)), h2.FRAME_SIZE_ERROR),
    "4.2 SETTINGS beyond the size": (frame(SETTINGS, 0, 0, bytes(16386)), h2.FRAME_SIZE_ERROR),
    "4.3 a block that is no HPACK": (frame(HEADERS, 5, 1, b"\x40\x00\x00\xff"), h2.COMPRESSION_ERROR),
    "4.3 PRIORITY in a block": (frame(HEADERS, 0, 1, GET) + frame(PRIORITY, 0, 3, number(0) + b"\1"), h2.PROTOCOL_ERROR),
    "4.3 HEADERS of another stream in a block": (frame(HEADERS, 0, 1, GET) + frame(HEADERS, 4, 3, GET), h2.PROTOCOL_ERROR),
    "5.1 DATA on an idle stream": (frame(DATA, 0, 1, b"x"), h2.PROTOCOL_ERROR),
    "5.1 RST_STREAM on an idle stream": (frame(RST_STREAM, 0, 1, number(8)), h2.PROTOCOL_ERROR),
    "5.1 WINDOW_UPDATE on an idle stream": (frame(WINDOW_UPDATE, 0, 1, number(1)), h2.PROTOCOL_ERROR),
    "5.1 CONTINUATION on an idle stream": (frame(CONTINUATION, 4, 1, GET), h2.PROTOCOL_ERROR),
    "5.1 HEADERS behind the end": (ENDED + ENDED, h2.STREAM_CLOSED),
    "5.1.1 an even stream": (frame(HEADERS, 5, 2, GET), h2.PROTOCOL_ERROR),
    "5.1.1 a lower stream": (frame(HEADERS, 5, 5, GET) + frame(HEADERS, 5, 3, GET), h2.PROTOCOL_ERROR),
    "5.3.1 HEADERS that depend on themselves": (frame(HEADERS, 5 | WITH_PRIORITY, 1, number(1) + b"\1" + GET), h2.PROTOCOL_ERROR),
    "5.3.1 PRIORITY that depends on itself": (frame(PRIORITY, 0, 1, number(1) + b"\1"), h2.PROTOCOL_ERROR),
    "5.5 an unknown frame in a block": (frame(HEADERS, 0, 1, GET) + frame(0x42, 0, 1, b"x"), h2.PROTOCOL_ERROR),
    "6.1 DATA on stream 0": (frame(DATA, 0, 0, b"x"), h2.PROTOCOL_ERROR),
    "6.1 more padding than payload": (OPEN + frame(DATA, PADDED, 1, b"\xffx"), h2.PROTOCOL_ERROR),
    "6.2 HEADERS on stream 0": (frame(HEADERS, 5, 0, GET), h2.PROTOCOL_ERROR),
    "6.2 more padding than payload": (frame(HEADERS, 5 | PADDED, 1, b"\xff" + GET), h2.PROTOCOL_ERROR),
    "6.3 PRIORITY on stream 0": (frame(PRIORITY, 0, 0, number(3) + b"\1"), h2.PROTOCOL_ERROR),
    "6.4 RST_STREAM on stream 0": (frame(RST_STREAM, 0, 0, number(8)), h2.PROTOCOL_ERROR),
    "6.4 RST_STREAM of another length": (OPEN + frame(RST_STREAM, 0, 1, b"\0\0\0"), h2.FRAME_SIZE_ERROR),
    "6.5 an acknowledgement with settings": (frame(SETTINGS, ACK, 0, struct.pack(">HI", 3, 1)), h2.FRAME_SIZE_ERROR),
    "6.5 SETTINGS on a stream": (frame(SETTINGS, 0, 1), h2.PROTOCOL_ERROR),
    "6.5 SETTINGS of another length": (frame(SETTINGS, 0, 0, b"\0\0\0"), h2.FRAME_SIZE_ERROR),
    "6.5.2 ENABLE_PUSH of 2": (setting(2, 2), h2.PROTOCOL_ERROR),
    "6.5.2 a window beyond 2^31-1": (setting(4, 2**31), h2.FLOW_CONTROL_ERROR),
    "6.5.2 frames below 2^14": (setting(5, 2**14 - 1), h2.PROTOCOL_ERROR),
    "6.5.2 frames beyond 2^24-1": (setting(5, 2**24), h2.PROTOCOL_ERROR),
    "6.6 PUSH_PROMISE of a client": (OPEN + frame(PUSH_PROMISE, 4, 1, number(2) + GET), h2.PROTOCOL_ERROR),
    "6.7 PING on a stream": (frame(PING, 0, 1, bytes(8)), h2.PROTOCOL_ERROR),
    "6.7 PING of another length": (frame(PING, 0, 0, bytes(7)), h2.FRAME_SIZE_ERROR),
    "6.8 GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), h2.PROTOCOL_ERROR),
    "6.9 an increment of 0": (frame(WINDOW_UPDATE, 0, 0, number(0)), h2.PROTOCOL_ERROR),
    "6.9 WINDOW_UPDATE of another length": (frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"), h2.FRAME_SIZE_ERROR),
    "6.9.1 a window that overflows": (frame(WINDOW_UPDATE, 0, 0, number(2**31 - 1)) * 2, h2.FLOW_CONTROL_ERROR),
    "6.10 CONTINUATION behind the end of a block": (OPEN + frame(CONTINUATION, 4, 1, GET), h2.PROTOCOL_ERROR),
    "6.10 CONTINUATION on stream 0": (frame(HEADERS, 0, 1, GET) + frame(CONTINUATION, 4, 0, b""), h2.PROTOCOL_ERROR),
    "6.10 DATA in a block": (frame(HEADERS, 0, 1, POST) + frame(DATA, 1, 1, b"x"), h2.PROTOCOL_ERROR),
    "7541 2.3.3 an index that is not there": (frame(HEADERS, 5, 1, GET + b"\xc6"), h2.COMPRESSION_ERROR),
    "7541 2.3.3 a name that is not there": (frame(HEADERS, 5, 1, GET + b"\x7f\x07\1x"), h2.COMPRESSION_ERROR),
    "7541 4.2 a table size at the end": (frame(HEADERS, 5, 1, GET + b"\x3f\x61"), h2.COMPRESSION_ERROR),
    "7541 5.2 padding of eight bits": (frame(HEADERS, 5, 1, GET + b"\x00\x82\x1f\xff\1x"), h2.COMPRESSION_ERROR),
    "7541 5.2 the end of strings": (frame(HEADERS, 5, 1, GET + b"\x00\x84\xff\xff\xff\xff\1x"), h2.COMPRESSION_ERROR),
    "7541 6.1 index 0": (frame(HEADERS, 5, 1, GET + b"\x80"), h2.COMPRESSION_ERROR),
    "7541 6.3 a table that is too large": (frame(HEADERS, 5, 1, b"\x3f\xe2\x1f" + GET), h2.COMPRESSION_ERROR),
}

STREAM_ERRORS = {
    "6.9 an increment of 0": (OPEN + frame(WINDOW_UPDATE, 0, 1, number(0)), h2.PROTOCOL_ERROR),
    "6.9.1 a window that overflows": (OPEN + frame(WINDOW_UPDATE, 0, 1, number(2**31 - 1)) * 2, h2.FLOW_CONTROL_ERROR),
    "8.1 fields behind content that end nothing": (OPEN + frame(DATA, 0, 1, b"x") + frame(HEADERS, 4, 1, b"\x00\1x\1y"), h2.PROTOCOL_ERROR),
    "8.1 pseudo-header fields as trailers": (OPEN + frame(HEADERS, 5, 1, b"\x84"), h2.PROTOCOL_ERROR),
    "8.3.1 a method that stands twice": (frame(HEADERS, 5, 1, b"\x82" + GET), h2.PROTOCOL_ERROR),
    "8.3.1 no path": (frame(HEADERS, 5, 1, b"\x82\x87\x01\x09localhost"), h2.PROTOCOL_ERROR),
    "8.3 a pseudo-header field of responses": (frame(HEADERS, 5, 1, GET + b"\x88"), h2.PROTOCOL_ERROR),
}

HARMLESS = {
    "5.1 WINDOW_UPDATE behind the end": ENDED + frame(WINDOW_UPDATE, 0, 1, number(1)),
    "5.1 PRIORITY on an idle stream": frame(PRIORITY, 0, 99, number(0) + b"\1") + ENDED,
    "5.1 RST_STREAM behind the end": ENDED + frame(RST_STREAM, 0, 1, number(8)) + frame(RST_STREAM, 0, 1, number(8)),
    "5.5 an unknown frame": frame(0x42, 0xFF, 1, b"x") + ENDED,
    "4.1 unknown flags": frame(PING, 0xFE, 0, bytes(8)) + ENDED,
    "4.1 the reserved bit": frame(PING, 0, 2**31, bytes(8)) + ENDED,
    "6.2 padding and priority": frame(HEADERS, 5 | PADDED | WITH_PRIORITY, 1, b"\3" + number(0) + b"\1" + GET + bytes(3)),
    "6.5.2 an unknown setting": setting(0xFF, 1) + ENDED,
    "6.7 an answer to no PING": frame(PING, ACK, 0, bytes(8)) + ENDED,
    "6.10 a block in pieces": frame(HEADERS, 1, 1, GET[:2]) + frame(CONTINUATION, 0, 1, GET[2:5]) + frame(CONTINUATION, 4, 1, GET[5:]),
    "7541 4.2 a table size at the beginning": frame(HEADERS, 5, 1, b"\x3f\x61" + GET),
    "7541 every form of a literal": frame(HEADERS, 5, 1, GET + b"\x00\1a\1b\x10\1c\1d\x40\1e\1f"),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, authority, server_certificate):
    from conftest import Edge
    from servers import Server
    server = Server()
    one = Edge(tmp_path_factory.mktemp("frames"), authority, server_certificate, server)
    yield one
    one.gateway.stop()
    server.close()


@pytest.fixture
def client(gateway, alice):
    with HTTP2Client(gateway.port, alice) as one:
        assert one.is_alive()
        yield one


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_connection_errors(name, client, gateway):
    sent, code = CONNECTION_ERRORS[name]
    mark = gateway.gateway.mark()
    client.send(sent)
    assert client.ending() == code
    assert "SP4029" in gateway.gateway.logged("HTTP/2 connection ended", since=mark)


@pytest.mark.parametrize("name", STREAM_ERRORS)
def test_stream_errors(name, client):
    sent, code = STREAM_ERRORS[name]
    client.send(sent)
    assert client.stream_error(1) == code
    client.next_stream = 3
    assert client.ask().status == 200


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_allowed(name, client):
    client.send(HARMLESS[name])
    client.next_stream = 101
    assert client.ask().status == 200
