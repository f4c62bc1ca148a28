"""Start, status, stop, signals, and what happens when something stands in the way."""

import re
import signal
import socket
import threading
import time

import pytest

from conftest import Edge
from gateway import Gateway, sallyport


def test_status(edge, serve, alice):
    one = edge(serve())
    with one.client(alice) as client:
        client.request()
    status = one.gateway.status()
    assert status["generation"] == 1 and status["draining"] is False
    assert [listener["name"] for listener in status["listeners"]] == ["main"]
    assert str(one.port) in str(status["listeners"][0]["address"])
    text = one.gateway.command("status").stdout
    assert "main" in text and str(one.port) in text


def test_status_without_a_gateway(tmp_path):
    done = sallyport("status", state=tmp_path / "state", check=False)
    assert done.returncode == 1 and "sallyport run" in done.stdout + done.stderr


def slow_upstream(serve, seconds):
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            time.sleep(seconds)
            connection.send(b"after")
    return serve(behaviour)


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stop"])
def test_drain(how, edge, serve, alice):
    """What is under way is finished; new connections are not taken; then it ends with 0."""
    one = edge(slow_upstream(serve, 1.5))
    with one.client(alice) as client, one.client(alice) as idle:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"first")
        if how == "stop":
            threading.Thread(target=lambda: one.gateway.command("stop", check=False)).start()
        else:
            one.gateway.signal(getattr(signal, how))
        time.sleep(0.7)
        with pytest.raises(OSError):
            one.client(alice)
        assert idle.is_closed()
        assert client.read_exactly(5) == b"after"
        assert client.is_closed()
    assert one.gateway.wait(10) == 0


def test_a_second_signal_stops_at_once(edge, serve, alice):
    one = edge(slow_upstream(serve, 20))
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"first")
        begun = time.monotonic()
        one.gateway.signal(signal.SIGTERM)
        time.sleep(0.5)
        one.gateway.signal(signal.SIGTERM)
        one.gateway.wait(10)
        assert time.monotonic() - begun < 5


def test_draining_says_so(edge, serve, alice):
    """On a connection that is being drained, the reply announces the close."""
    one = edge(slow_upstream(serve, 1))
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"first")
        one.gateway.signal(signal.SIGTERM)
        client.read_exactly(5)
        reply = client.request()
        assert (reply.status, reply.get("connection")) == (200, "close")
        assert client.is_closed()


def test_a_bad_file_does_not_start(tmp_path):
    gateway = Gateway(tmp_path, "version: 1\nlisteners:\n  main: { adress: ':8443' }\n", wait=False)
    assert gateway.wait(20) == 78
    assert re.search("did you mean .address.[?]", gateway.output) and "ready" not in gateway.stdout.text


def test_a_taken_port(edge, serve, tmp_path, authority, server_certificate):
    upstream = serve()
    folder = tmp_path / "second"
    folder.mkdir()
    second = Edge(folder, authority, server_certificate, upstream, wait=False, listeners__main__address=f"127.0.0.1:{upstream.port}")
    assert second.gateway.wait(20) not in (0, None)
    assert "SP9010" in second.gateway.output and str(upstream.port) in second.gateway.output


def test_a_second_gateway_on_the_same_state(edge, serve):
    one = edge(serve())
    second = Gateway.__new__(Gateway)
    super(Gateway, second).__init__("run", "-c", one.gateway.file, state=one.gateway.state, cwd=one.gateway.folder)
    assert second.wait(20) not in (0, None)
    assert str(one.gateway.pid) in second.output


def test_a_stale_socket_is_no_obstacle(edge, serve, alice):
    one = edge(serve())
    one.gateway.process.kill()
    one.gateway.wait()
    again = Gateway(one.gateway.folder, one.configuration)
    try:
        with one.client(alice) as client:
            assert client.request().status == 200
        assert again.status()["generation"] == 1
    finally:
        again.stop()


def test_the_admin_socket_is_private(edge, serve):
    one = edge(serve())
    assert (one.gateway.state / "admin.sock").stat().st_mode & 0o077 == 0
    assert one.gateway.state.stat().st_mode & 0o077 == 0


def test_garbage_on_the_admin_socket(edge, serve, alice):
    one = edge(serve())
    for data in (b"\xff" * 200_000, b"{}\n", b"[" * 10_000 + b"\n", b'{"command":"\x00"}\n', b""):
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(5)
            plain.connect(str(one.gateway.state / "admin.sock"))
            try:
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(65536):
                    pass
            except OSError:
                pass
    assert one.gateway.status()["generation"] == 1
    with one.client(alice) as client:
        assert client.request().status == 200


def test_many_connections_leave_nothing_behind(edge, serve, alice):
    one = edge(serve())
    with one.client(alice) as client:
        client.request()
    before = one.gateway.open_files()
    for _ in range(100):
        with one.client(alice) as client:
            client.request()
    deadline = time.monotonic() + 5
    while one.gateway.open_files() > before + 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert one.gateway.open_files() <= before + 5
