"""Thousands of connections that never finish their handshake, and good clients beside them.

`SALLYPORT_STALLED` says how many; without it 1,000, and 10,000 with SALLYPORT_SLOW_TESTS=1."""

import contextlib
import os
import resource
import socket
import threading
import time

import pytest

from clients import Client
from gateway import free_port
from test_handshake import client_hello, record

GOOD = 40
BOUND = 256  # a quarter of the files of the one worker


def stalled_count():
    wanted = int(os.environ.get("SALLYPORT_STALLED") or (10_000 if os.environ.get("SALLYPORT_SLOW_TESTS") == "1" else 1_000))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted + 200:
        pytest.skip(f"this test needs {wanted + 200} open files and may have {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return wanted


class Stalled:
    """Connections that stop at each place where a handshake can stop."""

    def __init__(self, port):
        self.port = port
        self.sockets = []
        hello = record(client_hello())
        self.openings = [b"", hello[:3], hello[:len(hello) // 2], hello]
        self.ended = threading.Event()

    def open(self, count):
        for number in range(count):
            plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
            self.sockets.append(plain)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                plain.sendall(self.openings[number % len(self.openings)])

    def keep_opening(self, limit):
        """One more each millisecond, until told to end."""
        while not self.ended.wait(0.001) and limit > 0:
            self.open(1)
            limit -= 1

    def close(self):
        for plain in self.sockets:
            plain.close()


@pytest.mark.timeout(300)
def test_good_clients_get_in_beside_stalled_handshakes(edge, serve, alice):
    count = stalled_count()
    one = edge(serve(), arguments=("--threads", "1"), open_files=4 * BOUND)
    with one.client(alice) as client:
        assert client.request().status == 200
    files, memory, mark = one.gateway.open_files(), one.gateway.resident_bytes(), one.gateway.mark()
    stalled = Stalled(one.port)
    more = threading.Thread(target=stalled.keep_opening, args=(count // 2,))
    try:
        stalled.open(count // 2)
        more.start()
        for _ in range(GOOD):
            with one.client(alice) as client:
                assert client.request().status == 200
            # What stalls is bounded in number, and so is what it costs.
            assert one.gateway.open_files() < files + BOUND + 100
        assert one.gateway.resident_bytes() - memory < 96 << 20
    finally:
        stalled.ended.set()
        more.join()
        stalled.close()
    line = one.gateway.logged("SP3020", since=mark)
    assert "oldest handshakes given up" in line, line
    # One line for many, or the log would be the next thing to fill.
    given_up = [one for one in one.gateway.stderr.lines[mark:] if "SP3020" in one]
    assert len(given_up) < 400, len(given_up)
    wait_until(lambda: one.gateway.open_files() <= files + 5)
    with one.client(alice) as client:
        assert client.request().status == 200


def wait_until(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_a_stalled_handshake_below_the_bound_has_its_whole_time(edge, serve, alice):
    """Nobody gives way where there is room: a slow client is not an attack."""
    one = edge(serve(), arguments=("--threads", "1"), open_files=4 * BOUND)
    mark = one.gateway.mark()
    stalled = Stalled(one.port)
    try:
        stalled.open(BOUND // 2)
        with one.client(alice) as client:
            assert client.request().status == 200
        one.gateway.logged("SP2013", since=mark, timeout=15)
        assert not [line for line in one.gateway.stderr.lines[mark:] if "SP3020" in line]
    finally:
        stalled.close()


def test_good_clients_get_in_beside_silent_plain_connections(edge, serve, alice):
    """The listener that redirects to https is for strangers, and must not eat up what the others need."""
    plain = free_port()
    one = edge(serve(), listeners__plain={"address": f"127.0.0.1:{plain}", "redirectToHTTPS": True},
               arguments=("--threads", "1"), open_files=4 * BOUND)
    with one.client(alice) as client:
        assert client.request().status == 200
    files = one.gateway.open_files()
    silent = []
    try:
        for _ in range(6 * BOUND):
            silent.append(socket.create_connection(("127.0.0.1", plain), timeout=10))
        for _ in range(GOOD // 4):
            with one.client(alice) as client:
                assert client.request().status == 200
            assert one.gateway.open_files() < files + BOUND + 100
        # The newest is among those that are waited for.
        silent[-1].sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert silent[-1].recv(4096).startswith(b"HTTP/1.1 308 ")
    finally:
        for connection in silent:
            connection.close()
