"""A gateway is replaced, reloaded or stopped, and clients notice nothing."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from clients import Closed
from gateway import binary, free_port
from http2_client import GoneAway, HTTP2Client
from scrapes import Metrics
from test_life import slow_upstream

RESTARTS = int(os.environ.get("SALLYPORT_RESTARTS", "5"))
RATE = float(os.environ.get("SALLYPORT_LOAD_RATE", "500"))
FOLDER = Path(__file__).parent


@contextlib.contextmanager
def upstream_process():
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(FOLDER / "upstream_process.py"), str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def load(port, credential, rate=RATE):
    """Yields a list that holds the result at the end."""
    process = subprocess.Popen(
        [sys.executable, str(FOLDER / "load_process.py"), str(port), *credential, str(rate)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, cwd=FOLDER)
    result = []
    try:
        assert process.stdout.readline() == "ready\n"
        yield result
        output, _ = process.communicate(timeout=60)
        result.append(json.loads(output))
    finally:
        process.kill()
        process.wait()


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pid, timeout=45):
    deadline = time.monotonic() + timeout
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


def upgrade(one, *arguments, check=True):
    return one.gateway.command("upgrade", *arguments, check=check)


def process_of(one):
    return one.gateway.status()["process"]


@pytest.fixture
def replaced(edge):
    """Gateways whose process may be another one at the end."""
    started = []

    def start(upstream=None, **changes):
        started.append(edge(upstream, **changes))
        return started[-1]

    yield start
    for one in started:
        status = one.gateway.command("status", "--json", check=False)
        if status.returncode == 0 and (pid := json.loads(status.stdout)["process"]) != one.gateway.pid:
            one.gateway.command("stop", check=False)
            wait_until_gone(pid)
        assert "Fatal error" not in one.gateway.output and "crashed" not in one.gateway.output, one.gateway.output[-4000:]


@pytest.fixture
def behind(replaced):
    """A gateway in front of an upstream in a process of its own."""
    with contextlib.ExitStack() as stack:
        def start(**changes):
            url = stack.enter_context(upstream_process())
            route = {"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": url}
            return replaced(None, routes=[route], **changes)
        yield start


def test_upgrade(replaced, serve, alice):
    """The new process answers, the old one ends with 0, and commands reach the new one."""
    one = replaced(serve())
    old = one.gateway.pid
    done = upgrade(one)
    new = process_of(one)
    assert str(new) in done.stdout and new != old
    with one.client(alice) as client:
        assert client.request().status == 200
    assert one.gateway.wait(20) == 0
    status = one.gateway.status()
    assert status["process"] == new and status["ready"] is True and status["draining"] is False
    assert (one.gateway.state / "gateway.lock").read_text() == f"{new}\n"
    assert (one.gateway.state / "admin.sock").stat().st_mode & 0o077 == 0
    assert not list(one.gateway.state.glob(".a*"))


def test_what_is_under_way_goes_on(replaced, serve, alice):
    one = replaced(slow_upstream(serve, 1.5))
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"first")
        upgrade(one)
        with one.client(alice) as other:
            assert other.request().body == b"firstafter"
        assert client.read_exactly(5) == b"after"
    assert one.gateway.wait(20) == 0


def test_a_kept_connection_is_told(replaced, serve, alice):
    """A connection to the old process gets one more answer, which says that it is the last."""
    one = replaced(serve())
    with one.client(alice) as client:
        assert client.request().get("connection") is None
        upgrade(one)
        reply = client.request()
        assert (reply.status, reply.get("connection")) == (200, "close")
        assert client.is_closed()


@pytest.mark.parametrize("before,after", [(1, 3), (3, 1), (2, 2)])
def test_another_number_of_threads(before, after, replaced, serve, alice):
    """Every socket of the old process is still accepted from."""
    one = replaced(serve(), arguments=["--threads", str(before)])
    upgrade(one, "--threads", str(after))
    assert one.gateway.wait(20) == 0
    for _ in range(40):
        with one.client(alice, timeout=5) as client:
            assert client.request().status == 200
    threads = Path(f"/proc/{process_of(one)}/cmdline").read_bytes().split(b"\0")
    assert threads[threads.index(b"--threads", threads.index(b"--threads") + 1) + 1] == str(after).encode()


def test_what_waits_in_the_queue_is_taken(replaced, serve, alice):
    """Connections that no process has accepted yet wait for the new one."""
    one = replaced(serve())
    os.kill(one.gateway.pid, signal.SIGSTOP)
    waiting = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(50)]
    threading.Timer(0.3, lambda: os.kill(one.gateway.pid, signal.SIGCONT)).start()
    upgrade(one)
    for plain in waiting:
        plain.settimeout(5)
        plain.sendall(b"\x16\x03\x01")
        plain.setblocking(False)
        with pytest.raises(BlockingIOError):
            plain.recv(1)
        plain.close()


# MARK: a new process that fails


def script(tmp_path, text):
    path = tmp_path / "broken"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def still_serves(one, alice):
    assert process_of(one) == one.gateway.pid and one.gateway.status()["ready"] is True
    with one.client(alice) as client:
        assert client.request().status == 200
    with pytest.raises(AssertionError):
        one.gateway.wait_for("stopping", timeout=0.3)
    assert not list(one.gateway.state.glob(".a*"))


@pytest.mark.parametrize("text,words", [
    ("exit 3", "status 3"), ("kill -9 $$", "signal 9"), ("exec sleep 60", "signal 9")])
def test_a_broken_binary(text, words, replaced, serve, alice, tmp_path):
    one = replaced(serve())
    done = upgrade(one, "--binary", str(script(tmp_path, text)), "--timeout", "2", check=False)
    assert done.returncode == 1 and words in done.stderr and "SP9014" in done.stderr, done.stderr
    still_serves(one, alice)


def test_a_binary_that_is_not_there(replaced, serve, alice, tmp_path):
    one = replaced(serve())
    done = upgrade(one, "--binary", str(tmp_path / "nothing"), check=False)
    assert done.returncode == 1 and "nothing" in done.stderr
    still_serves(one, alice)


def test_a_bad_file_meanwhile(replaced, serve, alice):
    one = replaced(serve())
    one.gateway.write("version: 1\nlisteners: { main: { adress: ':1' } }\n")
    done = upgrade(one, check=False)
    assert done.returncode == 1 and "status 78" in done.stderr
    assert "did you mean" in one.gateway.stderr.text
    still_serves(one, alice)


def test_a_port_that_is_taken(replaced, serve, alice):
    """The new process cannot listen on an address that is new in the file."""
    one = replaced(serve())
    with socket.create_server(("127.0.0.1", 0)) as other:
        one.configuration["listeners"]["more"] = {
            "address": f"127.0.0.1:{other.getsockname()[1]}", "redirectToHTTPS": True}
        one.gateway.write(one.configuration)
        done = upgrade(one, check=False)
    assert done.returncode == 1 and "SP9010" in one.gateway.stderr.text
    still_serves(one, alice)
    upgrade(one)
    assert one.gateway.wait(20) == 0


def test_killed_during_the_hand_over(replaced, serve, alice, tmp_path):
    """At many moments between its start and its service: the old one goes on. Afterwards the new one is the gateway,
    and its end is its own."""
    one = replaced(serve())
    for attempt in range(40):
        killed = script(tmp_path, f'(sleep {attempt * 0.01}; kill -9 $$) & exec {binary()} "$@"')
        if upgrade(one, "--binary", str(killed), "--timeout", "5", check=False).returncode == 0:
            break
        still_serves(one, alice)
    assert attempt >= 2
    one.gateway.wait(20)


TAKER = '''
import array, json, os, socket, struct, sys
plain = socket.socket(socket.AF_UNIX)
plain.settimeout(10)
plain.connect(sys.argv[1])
plain.sendall(b'{"command":"handover"}\\n')
length = struct.unpack(">I", plain.recv(4, socket.MSG_WAITALL))[0]
message = json.loads(plain.recv(length, socket.MSG_WAITALL))
wanted, got = len(message["sockets"]) + 1, []
while len(got) < wanted:
    _, files, _, _ = socket.recv_fds(plain, 1, 64)
    got += files
step = sys.argv[2]
if step == "garbage":
    plain.sendall(b"?")
if step in ("ready", "go"):
    plain.sendall(b"R")
if step == "go":
    assert plain.recv(1) == b"G"
if step == "wait":
    plain.recv(1)
'''


@pytest.mark.parametrize("step", ["nothing", "garbage", "ready", "go"])
def test_a_taker_that_leaves(step, replaced, serve, alice):
    """At each step of the conversation."""
    one = replaced(serve())
    subprocess.run(
        [sys.executable, "-c", TAKER, str(one.gateway.state / "admin.sock"), step], check=True, timeout=20)
    one.gateway.logged("SP9014")
    still_serves(one, alice)
    upgrade(one)
    assert one.gateway.wait(20) == 0


def test_one_at_a_time(replaced, serve, alice, tmp_path):
    one = replaced(serve())
    first = threading.Thread(
        target=upgrade, args=(one, "--binary", str(script(tmp_path, "exec sleep 60")), "--timeout", "3"),
        kwargs={"check": False})
    first.start()
    time.sleep(1)
    done = upgrade(one, check=False)
    assert done.returncode == 1 and "under way" in done.stderr
    first.join()
    still_serves(one, alice)


def test_metrics_and_health_go_on_in_the_new_process(replaced, serve):
    metrics = Metrics()
    one = replaced(serve(), observability__metrics=metrics.section)
    old = metrics.value("process_start_time_seconds")
    assert old > 0
    upgrade(one)
    assert one.gateway.wait(20) == 0
    assert metrics.get("/readyz")[0] == 200
    assert metrics.value("process_start_time_seconds") >= old


def test_stop_ends_an_upgrade_too(replaced, serve, tmp_path):
    one = replaced(serve())
    note = tmp_path / "pid"
    thread = threading.Thread(
        target=upgrade, args=(one, "--binary", str(script(tmp_path, f"echo $$ > {note}; exec sleep 60"))),
        kwargs={"check": False})
    thread.start()
    while not note.exists() or not note.read_text():
        time.sleep(0.05)
    one.gateway.signal(signal.SIGTERM)
    assert one.gateway.wait(20) == 0
    thread.join()
    wait_until_gone(int(note.read_text()), 5)


def test_no_descriptor_is_passed_along(replaced, serve, alice, tmp_path):
    """What a program is started with that is not ours: three streams and nothing of a client's."""
    one = replaced(serve())
    note = tmp_path / "files"
    with one.client(alice) as client:
        client.request()
        upgrade(one, "--binary", str(script(tmp_path, f"ls -l /proc/self/fd > {note}; exit 1")), check=False)
    opened = [line for line in note.read_text().splitlines() if "->" in line]
    assert not [line for line in opened if "socket:" in line], opened


def test_standard_input_cannot_be_read_again(edge, serve, authority, server_certificate, tmp_path):
    from gateway import Process
    one = edge(serve())
    text = json.dumps({**one.configuration, "listeners": {
        "main": {**one.configuration["listeners"]["main"], "address": f"127.0.0.1:{free_port()}"}}})
    file = tmp_path / "input.yaml"
    file.write_text(text)
    process = Process.__new__(Process)
    process.state = tmp_path / "state"
    process.process = subprocess.Popen(
        [binary(), "run", "-c", "-", "--state", str(process.state)], stdin=file.open(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=one.gateway.folder)
    from gateway import Lines, sallyport
    process.stdout, process.stderr = Lines(process.process.stdout), Lines(process.process.stderr)
    process.wait_ready()
    done = sallyport("upgrade", state=process.state, check=False)
    assert done.returncode == 1 and "standard input" in done.stderr
    process.stop()


# MARK: stopping


def test_delay_takes_connections_and_says_so(edge, serve, alice):
    one = edge(serve(), shutdown={"delay": "2s", "idle": "100ms"})
    one.gateway.signal(signal.SIGTERM)
    time.sleep(0.5)
    status = one.gateway.status()
    assert status["ready"] is False and status["draining"] is True
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.get("connection")) == (200, "close")
    assert one.gateway.wait(20) == 0


def test_the_deadline_cuts(edge, serve, alice):
    one = edge(slow_upstream(serve, 20), shutdown={"drain": "1s"})
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"first")
        begun = time.monotonic()
        one.gateway.signal(signal.SIGTERM)
        with pytest.raises((Closed, OSError)):
            client.read_exactly(5)
        assert 0.8 < time.monotonic() - begun < 5
    assert one.gateway.wait(10) == 0


def test_stopping_answers_what_is_queued(edge, serve, alice):
    """Connections that were made before the gateway stopped are served, though nobody had accepted them."""
    one = edge(serve(), arguments=["--threads", "2"])
    results = []

    def ask():
        try:
            with one.client(alice, timeout=20) as client:
                results.append(client.request().status)
        except (OSError, Closed) as error:
            results.append(repr(error))

    os.kill(one.gateway.pid, signal.SIGSTOP)
    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    one.gateway.signal(signal.SIGTERM)
    os.kill(one.gateway.pid, signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert results == [200] * 30, results
    assert one.gateway.wait(20) == 0


# MARK: clients of HTTP/2

EVERY_STREAM = 2 ** 31 - 1


def goodbyes(client):
    return [one.last_stream_id for one in client.frames if type(one).__name__ == "GoAwayFrame"]


def test_streams_under_way_go_on(replaced, serve, alice):
    """Two steps of GOAWAY; what is under way is finished by the old process, and the connection ends after it."""
    one = replaced(slow_upstream(serve, 1.5))
    with HTTP2Client(one.port, alice) as client:
        streams = [client.start() for _ in range(3)]
        while not all(stream in client.streams and client.streams[stream].body for stream in streams):
            client.step()
        upgrade(one)
        for stream in streams:
            assert client.read_response(stream).body == b"firstafter"
        assert client.ending() == 0
        assert goodbyes(client) == [EVERY_STREAM, streams[-1]]
    assert one.gateway.wait(20) == 0


def test_a_request_on_its_way_is_taken(replaced, serve, alice):
    """A client that has not read GOAWAY yet, and so has answered no ping, is kept for `shutdown.idle`."""
    one = replaced(serve(), shutdown={"idle": "2s"})
    with HTTP2Client(one.port, alice) as client:
        assert client.ask().status == 200
        upgrade(one)
        assert client.ask().status == 200
        assert client.ending() == 0
        assert goodbyes(client) == [EVERY_STREAM, 3]
    assert one.gateway.wait(20) == 0


def test_a_silent_connection_of_http2_ends(edge, serve, alice):
    """One that answers no ping ends after `shutdown.idle`; the request that comes later was not taken."""
    one = edge(serve(), shutdown={"idle": "300ms"})
    with HTTP2Client(one.port, alice) as client:
        assert client.ask().status == 200
        begun = time.monotonic()
        one.gateway.signal(signal.SIGTERM)
        time.sleep(1.2)
        with pytest.raises(GoneAway) as gone:
            client.read_response(client.start())
        assert (gone.value.code, gone.value.last_stream) == (0, 1)
    assert one.gateway.wait(10) == 0 and time.monotonic() - begun < 6


def test_a_new_connection_of_http2_while_stopping(edge, serve, alice):
    """During `shutdown.delay` it is taken, gets its first request answered, and is told."""
    one = edge(serve(), shutdown={"delay": "2s", "idle": "1s"})
    one.gateway.signal(signal.SIGTERM)
    time.sleep(0.3)
    with HTTP2Client(one.port, alice) as client:
        time.sleep(0.6)
        assert client.ask().status == 200
        assert client.ending() == 0
        assert goodbyes(client) == [EVERY_STREAM, 1]
    assert one.gateway.wait(20) == 0


def test_the_deadline_cuts_streams(edge, serve, alice):
    """After `shutdown.drain`, and so that no client takes it for a whole answer."""
    one = edge(slow_upstream(serve, 20), shutdown={"drain": "1s"})
    with HTTP2Client(one.port, alice) as client:
        stream = client.start()
        while stream not in client.streams or not client.streams[stream].body:
            client.step()
        begun = time.monotonic()
        one.gateway.signal(signal.SIGTERM)
        client.ending()
        assert 0.8 < time.monotonic() - begun < 5
        assert not client.streams[stream].complete
    assert one.gateway.wait(10) == 0


# MARK: under load


def unharmed(result):
    assert result["failed"] == 0, json.dumps(result, indent=1)
    assert result["rate"] > RATE * 0.5, result
    print(json.dumps(result))


@pytest.mark.timeout(60 + RESTARTS * 15)
def test_restarts_under_load(behind, alice):
    """Nothing is refused, reset or answered with an error while the process is replaced again and again."""
    one = behind()
    seen = {one.gateway.pid}
    with load(one.port, alice) as result:
        time.sleep(0.5)
        for _ in range(RESTARTS):
            upgrade(one)
            seen.add(process_of(one))
            time.sleep(0.3)
    assert len(seen) == RESTARTS + 1
    unharmed(result[0])
    assert result[0]["announced"] > 0 and result[0]["resumed"] > 0 and result[0]["multiplexed"] > 0


@pytest.mark.timeout(60 + RESTARTS * 15)
def test_changed_configurations_under_load(behind, alice):
    """Each swap changes the listeners as well: another name for the same address, and an address that comes and goes."""
    one = behind()
    main = one.configuration["listeners"]["main"]
    more = free_port()
    with load(one.port, alice) as result:
        time.sleep(0.5)
        for number in range(RESTARTS):
            listeners = {"main": main}
            if number % 2:
                listeners["more"] = {**main, "address": f"127.0.0.1:{more}"}
            one.gateway.write({**one.configuration, "listeners": listeners})
            one.gateway.command("reload")
            time.sleep(0.2)
    assert one.gateway.status()["generation"] == RESTARTS + 1
    unharmed(result[0])


def test_another_name_for_the_same_address(edge, serve, alice):
    """The sockets stay; what waits in them is served under the new name."""
    one = edge(serve())
    one.gateway.write({**one.configuration, "listeners": {"renamed": one.configuration["listeners"]["main"]}})
    one.gateway.command("reload")
    assert [listener["name"] for listener in one.gateway.status()["listeners"]] == ["renamed"]
    for _ in range(10):
        with one.client(alice) as client:
            assert client.request().status == 200
