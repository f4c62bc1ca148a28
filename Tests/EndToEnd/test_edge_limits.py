"""What the gateway takes on: by address, by identity, by files, by memory; and who is served meanwhile."""

import contextlib
import os
import socket
import threading
import time

import pytest

from clients import Client, Closed, connect
from http2_client import CANCEL, HTTP2Client, Reset

NOBODY_EXEMPT = {"addresses": {"exempt": []}}


def limits(**addresses):
    return {"addresses": {"exempt": [], **addresses}}


def is_served(address, port, credential):
    try:
        with Client(port, credential, source=address) as client:
            return client.request().status == 200
    except (OSError, Closed):
        return False


def plain(address, port):
    return connect(port, timeout=5, source=address)


def ended(connection, timeout=3):
    connection.settimeout(timeout)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def is_shut_out(address, port):
    try:
        with contextlib.closing(plain(address, port)) as connection:
            return ended(connection)
    except OSError:
        return True


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_one_address_has_its_limit_and_another_comes_in(edge, serve, alice):
    one = edge(serve(), limits=limits(connections=20))
    mark = one.gateway.mark()
    held = []
    try:
        for _ in range(20):
            held.append(plain("127.0.0.2", one.port))
        time.sleep(0.2)
        assert is_shut_out("127.0.0.2", one.port)
        assert is_served("127.0.0.1", one.port, alice)
        line = one.gateway.logged("SP4041", since=mark, timeout=4)
        assert "count" in line and "fix" in line, line
    finally:
        for connection in held:
            connection.close()
    deadline = time.monotonic() + 5
    while not is_served("127.0.0.2", one.port, alice):
        assert time.monotonic() < deadline, "the places were not given back"
        time.sleep(0.1)
    refused = {entry["code"]: entry["count"] for entry in one.gateway.status()["edge"]["refused"]}
    assert refused.get("SP4041", 0) >= 1, refused
    assert "SP4041" in one.gateway.command("status").stdout


def test_an_address_that_opens_too_fast(edge, serve, alice):
    one = edge(serve(), limits=limits(rate="5/s", burst=10))
    closed = 0
    for _ in range(60):
        try:
            with contextlib.closing(plain("127.0.0.2", one.port)) as connection:
                closed += ended(connection, timeout=0.05)
        except OSError:
            # The gateway was quicker than connect().
            closed += 1
    assert closed >= 30, closed
    assert is_served("127.0.0.1", one.port, alice)
    # One line a second at most, however many were refused.
    lines = [line for line in one.gateway.stderr.lines if "SP4042" in line]
    assert len(lines) <= 8, lines


def test_an_address_that_begins_handshakes_too_fast(edge, serve, alice):
    one = edge(serve(), limits=limits(handshakes="2/s", rate="1000/s", burst=1000))
    served = sum(is_served("127.0.0.2", one.port, alice) for _ in range(30))
    assert 8 <= served < 28, served
    assert is_served("127.0.0.1", one.port, alice)
    one.gateway.logged("SP4044", timeout=4)


def test_strangers_do_not_keep_those_out_who_have_come_in_before(edge, serve, alice, bob):
    one = edge(serve(), limits={"handshakes": "1/s", **limits()}, arguments=("--threads", "1"))
    assert is_served("127.0.0.1", one.port, alice)
    refused = 0
    for number in range(10, 40):
        try:
            with Client(one.port, bob, source=f"127.0.1.{number}") as client:
                client.request()
        except (OSError, Closed):
            refused += 1
    assert refused >= 20, refused
    for _ in range(3):
        assert is_served("127.0.0.1", one.port, alice)


def test_an_identity_has_its_limit(edge, serve, alice):
    one = edge(serve(), limits={"identities": {"connections": 3}, **NOBODY_EXEMPT})
    held = [Client(one.port, alice, source="127.0.0.1") for _ in range(3)]
    try:
        for client in held:
            assert client.request().status == 200
        assert not is_served("127.0.0.2", one.port, alice)
    finally:
        for client in held:
            client.close()
    deadline = time.monotonic() + 5
    while not is_served("127.0.0.2", one.port, alice):
        assert time.monotonic() < deadline, "the places were not given back"
        time.sleep(0.1)


def test_operators_get_in_when_clients_are_shut_out(edge, serve, alice):
    from gateway import free_port

    admin = free_port()
    one = edge(serve(), limits={"connections": 16}, admin={"address": f"127.0.0.1:{admin}", "admins": ["alice"]})
    held = []
    try:
        for _ in range(40):
            with contextlib.suppress(OSError):
                held.append(plain("127.0.0.1", one.port))
        time.sleep(0.3)
        assert one.gateway.status()["edge"]["connections"] <= 16
        # Whoever administers comes with a certificate of the built-in authority; that there is an answer at all is what
        # counts here.
        with contextlib.closing(socket.create_connection(("127.0.0.1", admin), timeout=3)) as door:
            assert not ended(door, timeout=0.5)
    finally:
        for connection in held:
            connection.close()


def test_files_run_out_and_nothing_spins(edge, serve, alice):
    """A few dozen files: connections wait in the kernel's queue, the processor is idle, and service returns."""
    one = edge(serve(), open_files=160, limits={"connections": 100_000}, arguments=("--threads", "1"))
    assert is_served("127.0.0.1", one.port, alice)
    held = []
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                held.append(plain("127.0.0.1", one.port))
        before = processor_seconds(one.gateway.pid)
        time.sleep(2)
        spent = processor_seconds(one.gateway.pid) - before
        assert spent < 0.6, f"{spent} s of processor time in 2 s"
        assert one.gateway.alive
    finally:
        for connection in held:
            connection.close()
    deadline = time.monotonic() + 15
    while not is_served("127.0.0.1", one.port, alice):
        assert time.monotonic() < deadline, "service did not return"
        time.sleep(0.2)


def test_too_many_connections_without_a_request(edge, serve, alice):
    """Good handshakes and then nothing: a quarter of the connections at most, and the oldest give way."""
    one = edge(serve(), limits={"connections": 40}, arguments=("--threads", "1"))
    silent = []
    try:
        for _ in range(30):
            silent.append(Client(one.port, alice))
        time.sleep(0.5)
        assert one.gateway.status()["connections"] <= 12
        assert is_served("127.0.0.1", one.port, alice)
        one.gateway.logged("SP4049", timeout=4)
    finally:
        for client in silent:
            client.close()


def test_memory_runs_short(edge, serve, alice):
    """The smallest budget there is, under what a process of this kind needs: nothing goes, and everybody is told."""
    one = edge(serve(), limits={"memory": "32MiB"}, wait=True)
    if one.gateway.resident_bytes() < 31 << 20:
        pytest.skip("this build needs less memory than the smallest budget")
    one.gateway.logged("SP4047", timeout=4)
    assert not is_served("127.0.0.1", one.port, alice)
    assert "closed" in one.gateway.status()["edge"]["memoryStep"]
    text = one.gateway.file.read_text()
    one.gateway.write(text.replace("32MiB", "4GiB"))
    one.gateway.command("reload")
    deadline = time.monotonic() + 5
    while not is_served("127.0.0.1", one.port, alice):
        assert time.monotonic() < deadline, "service did not return"
        time.sleep(0.1)


def test_requests_beyond_the_limit_wait_in_turn(edge, serve, alice):
    release = threading.Event()

    def behaviour(connection):
        while True:
            connection.read_request()
            release.wait(20)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    one = edge(serve(behaviour), limits={"requests": 2}, arguments=("--threads", "1"))
    clients = [Client(one.port, alice) for _ in range(4)]
    try:
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.1)  # in this order
        # The two that wait are told after a second.
        for client in clients[2:]:
            reply = client.read_reply()
            assert (reply.status, reply.code, reply.get("retry-after")) == (503, "SP4050", "1")
        release.set()
        for client in clients[:2]:
            assert client.read_reply().status == 200
        assert clients[2].request().status == 200
    finally:
        release.set()
        for client in clients:
            client.close()


# Streams of HTTP/2


def large(connection):
    """Answers with more than any window of a client lets through."""
    while True:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + bytes(4_000_000))


def test_memory_runs_short_for_streams(edge, serve, alice):
    """Streams that hold much are reset, and do not look whole; the client is told to come anew."""
    one = edge(serve(large), limits={"memory": "4GiB"}, wait=True, arguments=("--threads", "1"))
    if one.gateway.resident_bytes() < 31 << 20:
        pytest.skip("this build needs less memory than the smallest budget")
    with HTTP2Client(one.port, alice) as client:
        streams = [client.start() for _ in range(4)]
        while sum(len(client.streams[stream].body) for stream in streams if stream in client.streams) < 4 * 65535:
            client.step()
        time.sleep(0.5)
        one.gateway.write(one.gateway.file.read_text().replace("4GiB", "32MiB"))
        one.gateway.command("reload")
        assert client.ending() == 0
        assert [client.streams[stream].reset for stream in streams] == [CANCEL] * 4
        assert not any(client.streams[stream].complete for stream in streams)
    one.gateway.access_line(lambda line: "SP4051" in str(line))


@pytest.mark.timeout(90)
@pytest.mark.parametrize("of", ["stream", "connection"])
def test_who_takes_a_stream_byte_by_byte_is_cut(of, edge, serve, alice):
    """A window that opens by a byte each second is no progress; a neighbour that reads goes on."""
    one = edge(serve(large), arguments=("--threads", "1"))
    with HTTP2Client(one.port, alice, window=1 << 24 if of == "stream" else 0, timeout=60,
                     settings={4: 65535 if of == "stream" else 1 << 24}) as client:
        stream, begun = client.start(), time.monotonic()
        stop = threading.Event()

        def dribble():
            while not stop.wait(1):
                with contextlib.suppress(OSError):
                    client.open_window(stream if of == "stream" else 0, 1)

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            if of == "stream":
                with pytest.raises(Reset) as reset:
                    client.read_response(stream, windows=False)
                assert reset.value.code == CANCEL
            else:
                client.ending(60)
        finally:
            stop.set()
            thread.join()
        assert 25 < time.monotonic() - begun < 45
        assert of == "connection" or client.is_alive()
    one.gateway.access_line(lambda line: "SP4092" in str(line))
