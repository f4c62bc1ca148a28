"""kill -9 of an upstream with 100 pooled connections, then a restart: no GET fails."""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

from gateway import free_port

SCRIPT = Path(__file__).with_name("upstream_process.py")
POOLED = 100


@contextlib.contextmanager
def upstream(port):
    process = subprocess.Popen([sys.executable, SCRIPT, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def at_once(clients, path):
    """One GET on every client at the same moment; the statuses."""
    statuses = [None] * len(clients)

    def ask(number):
        statuses[number] = clients[number].request(path=path).status
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return statuses


def established(pid, port):
    """Connections of the process `pid` on the upstream's side."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text().split("\n")[1:]
    mark = f":{port:04X}"
    return sum(1 for line in lines if line and line.split()[2].endswith(mark) and line.split()[3] == "01")


def test_kill_and_restart_of_the_upstream(edge, alice):
    port = free_port()
    one = edge(routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": f"http://127.0.0.1:{port}"}])
    clients = [one.client(alice, timeout=20) for _ in range(POOLED)]
    with upstream(port) as first:
        assert at_once(clients, "/slow") == [200] * POOLED
        assert established(one.gateway.pid, port) >= POOLED // 2, "the connections are not pooled"
        first.kill()
        first.wait()
    with upstream(port):
        assert at_once(clients, "/") == [200] * POOLED
        assert at_once(clients, "/") == [200] * POOLED
    time.sleep(0.2)
    with upstream(port):
        assert [client.request().status for client in clients] == [200] * POOLED
    for client in clients:
        client.close()


def test_dead_connections_are_not_kept(edge, alice):
    """After the upstream is gone the gateway lets go of its end of every pooled connection."""
    port = free_port()
    one = edge(routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": f"http://127.0.0.1:{port}"}])
    with upstream(port), contextlib.ExitStack() as stack:
        clients = [stack.enter_context(one.client(alice, timeout=20)) for _ in range(30)]
        assert at_once(clients, "/slow") == [200] * 30
        held = one.gateway.open_files()
    deadline = time.monotonic() + 10
    while one.gateway.open_files() > held - 50 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert one.gateway.open_files() <= held - 50
