"""Sockets that a service manager passes, as systemd does: descriptors from 3 on, and three variables."""

import os
import socket
import subprocess
import sys
import time

import pytest

from gateway import Lines, Process, binary, free_port

# The variables name the process, so they can only be set by itself before it becomes the gateway.
STARTER = """
import fcntl, os, sys
listening = [int(one) for one in sys.argv[1].split(",") if one]
high = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in listening]
for place, one in enumerate(high):
    os.dup2(one, 3 + place, inheritable=True)
os.environ.update({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(high))})
os.environ.update(dict(pair.split("=", 1) for pair in sys.argv[2].split("|") if pair))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Activated(Process):
    """A gateway that is started with sockets."""

    def __init__(self, one, sockets, *, variables="", wait=True, arguments=()):
        self.state, self.folder = one.gateway.folder / "activated", one.gateway.folder
        command = [
            sys.executable, "-c", STARTER, ",".join(str(each.fileno()) for each in sockets), variables, binary(), "run",
            "-c", str(one.gateway.file), "--state", str(self.state), *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            pass_fds=[each.fileno() for each in sockets], cwd=self.folder, env={**os.environ, "NO_COLOR": "1"})
        self.stdout, self.stderr = Lines(self.process.stdout), Lines(self.process.stderr)
        if wait:
            self.wait_ready()


@pytest.fixture
def stopped(edge, serve):
    """A configuration whose gateway is stopped, and its port."""
    one = edge(serve())
    one.gateway.stop()
    return one


@pytest.fixture
def activated():
    started = []

    def start(*arguments, **options):
        started.append(Activated(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def listening(port, host="127.0.0.1"):
    return socket.create_server((host, port), backlog=128)


@pytest.mark.parametrize("threads", [1, 3])
def test_by_address(threads, stopped, activated, alice):
    """Connections from before the start are served, by all workers."""
    with listening(stopped.port) as plain:
        early = stopped.client
        waiting = socket.create_connection(("127.0.0.1", stopped.port))
        gateway = activated(stopped, [plain], arguments=["--threads", str(threads)])
        for _ in range(6):
            with early(alice) as client:
                assert client.request().status == 200
        waiting.close()
        assert gateway.alive


def test_by_name(stopped, activated, alice):
    with listening(stopped.port) as plain:
        activated(stopped, [plain], variables="LISTEN_FDNAMES=main")
        with stopped.client(alice) as client:
            assert client.request().status == 200


def test_the_socket_outlives_the_gateway(stopped, activated, alice):
    """A connection that comes while no gateway runs is answered by the next one."""
    with listening(stopped.port) as plain:
        activated(stopped, [plain]).stop()
        waiting = socket.create_connection(("127.0.0.1", stopped.port), timeout=5)
        activated(stopped, [plain])
        with stopped.client(alice) as client:
            assert client.request().status == 200
        waiting.close()


def test_upgrade_keeps_the_socket(stopped, activated, alice):
    from gateway import sallyport
    with listening(stopped.port) as plain:
        gateway = activated(stopped, [plain], arguments=["--threads", "2"])
        sallyport("upgrade", state=gateway.state)
        assert gateway.wait(20) == 0
        with stopped.client(alice) as client:
            assert client.request().status == 200
        sallyport("stop", state=gateway.state)
        socket.create_connection(("127.0.0.1", stopped.port), timeout=5).close()


def refused(gateway, code, *words):
    assert gateway.wait(20) == 1
    assert code in gateway.output, gateway.output
    for word in words:
        assert word in gateway.output, gateway.output


def test_an_address_that_no_listener_has(stopped, activated):
    with listening(0) as plain:
        refused(activated(stopped, [plain], wait=False), "SP9012", f"127.0.0.1:{stopped.port}", "main")


def test_a_name_at_another_address(stopped, activated):
    with listening(0) as plain:
        refused(activated(stopped, [plain], variables="LISTEN_FDNAMES=main", wait=False), "SP9012", "is bound to")


def test_all_addresses_instead_of_one(stopped, activated):
    """The file says loopback; a socket for the whole world is not what the operator meant."""
    with listening(stopped.port, "0.0.0.0") as plain:
        refused(activated(stopped, [plain], wait=False), "SP9012")


@pytest.mark.parametrize("variables", [
    "LISTEN_FDS=-1", "LISTEN_FDS= 1", "LISTEN_FDS=99999999999999999999", "LISTEN_FDS=", "LISTEN_FDS=2",
    "LISTEN_FDNAMES=a:b", "LISTEN_FDNAMES=", "LISTEN_PID=x", "LISTEN_PID=-5"])
def test_what_is_not_well_formed(variables, stopped, activated):
    with listening(stopped.port) as plain:
        refused(activated(stopped, [plain], variables=variables, wait=False), "SP9013")


def test_something_else_than_a_listening_socket(stopped, activated):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        refused(activated(stopped, [plain], wait=False), "SP9013")


def test_variables_for_another_process(stopped, activated, alice):
    activated(stopped, [], variables="LISTEN_PID=1|LISTEN_FDS=3")
    with stopped.client(alice) as client:
        assert client.request().status == 200


def test_systemd(stopped, activated, alice):
    """What systemd is told: ready, the time of a reload, the watchdog, the successor, stopping."""
    path = stopped.gateway.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        notify.settimeout(20)
        gateway = activated(
            stopped, [], variables=f"LISTEN_PID=1|NOTIFY_SOCKET={path}|WATCHDOG_USEC=400000", wait=False)
        seen = []

        def wait_for(word):
            deadline = time.monotonic() + 20
            while not any(word in one for one in seen):
                assert time.monotonic() < deadline, seen
                seen.append(notify.recv(4096).decode())

        wait_for("READY=1")
        wait_for("WATCHDOG=1")
        from gateway import sallyport
        sallyport("reload", state=gateway.state)
        wait_for("RELOADING=1")
        seen.clear()
        sallyport("upgrade", state=gateway.state)
        wait_for("MAINPID=")
        wait_for("READY=1")
        wait_for("WATCHDOG=1")
        seen.clear()
        sallyport("stop", state=gateway.state)
        wait_for("STOPPING=1")


def test_a_port_that_nobody_passed_is_bound(stopped, activated):
    """Listeners that no socket is for are opened as usual."""
    stopped.configuration["listeners"]["more"] = {"address": f"127.0.0.1:{free_port()}", "redirectToHTTPS": True}
    stopped.gateway.write(stopped.configuration)
    with listening(stopped.port) as plain:
        gateway = activated(stopped, [plain])
        assert "more=127.0.0.1" in gateway.stdout.text
