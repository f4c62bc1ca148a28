"""Nothing that was acknowledged is lost or doubled: when the gateway is killed, when the disk is full, when it fails.

`SALLYPORT_KILLS=200` kills that often."""

import errno
import os
import shutil
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from clients import Client, Closed
from gateway import Gateway
from test_audit import eventually, of, recording, records, verify  # noqa: F401 - a fixture

KILLS = int(os.environ.get("SALLYPORT_KILLS", "8"))
GONE = (OSError, Closed, ssl.SSLError)


class Load:
    """Clients that ask for /strict/PREFIX-1, -2 … each path once, and write down which were answered 200.

    A client whose connection ends makes another, as long as the load goes on."""

    def __init__(self, port, credential, prefix, clients=4):
        self.port, self.credential, self.prefix = port, credential, prefix
        self.acknowledged, self.refused, self.strange = [], [], []
        self.number, self.lock, self.stopped = 0, threading.Lock(), False
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while not self.stopped:
            try:
                with Client(self.port, self.credential) as client:
                    while not self.stopped and self._ask(client):
                        pass
            except GONE:
                time.sleep(0.01)

    def _ask(self, client):
        with self.lock:
            self.number += 1
            path = f"/strict/{self.prefix}-{self.number}"
        reply = client.request(path=path)
        if reply.status == 200:
            self.acknowledged.append(path)
        elif reply.status == 503:
            self.refused.append((path, reply.code))
        else:
            self.strange.append((path, reply.status))
        return reply.get("connection") != "close"

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()


def permitted(state):
    return [record["object"].removeprefix("GET localhost") for record in of("request.permitted", state)]


def check(state, acknowledged, upstream):
    """What was acknowledged stands there exactly once, and nothing reached the upstream without its record."""
    report = verify(state)
    assert report["sound"], report
    paths = permitted(state)
    assert len(paths) == len(set(paths)), "a record is doubled"
    missing = set(acknowledged) - set(paths)
    assert not missing, f"{len(missing)} acknowledged requests have no record, such as {sorted(missing)[:3]}"
    unrecorded = {request.target for request in upstream.requests} - set(paths)
    assert not unrecorded, f"reached the upstream without a record: {sorted(unrecorded)[:3]}"


@pytest.mark.timeout(60 + 10 * KILLS)
def test_kill_9_under_load_loses_nothing(recording, alice):
    one = recording()
    gateway, acknowledged = one.gateway, []
    for round_ in range(KILLS):
        load = Load(one.port, alice, f"r{round_}")
        try:
            # Killed in the middle of things: at another number of answers each time.
            eventually(lambda: len(load.acknowledged) >= 20 + 7 * (round_ % 5), "nothing is answered", timeout=60)
            gateway.process.kill()
            gateway.wait()
        finally:
            load.stop()
        assert not load.strange and not load.refused
        acknowledged += load.acknowledged
        gateway = Gateway(one.gateway.folder, one.configuration)
    gateway.stop()
    check(gateway.state, acknowledged, one.upstream)
    assert len(acknowledged) >= 20 * KILLS


# Disks


class Faults:
    """Lets calls of the running gateway fail as a disk does (libfiu)."""

    LIBRARIES = [Path("/usr/lib/fiu/fiu_run_preload.so"), Path("/usr/lib/fiu/fiu_posix_preload.so")]

    def __init__(self, folder):
        assert all(library.exists() for library in self.LIBRARIES), "libfiu is missing: dev/install test"
        self.prefix = folder / "fiu"
        self.environment = {
            "LD_PRELOAD": " ".join(map(str, self.LIBRARIES)), "FIU_CTRL_FIFO": str(self.prefix), "FIU_ENABLE": ""}

    def command(self, gateway, text):
        subprocess.run(["fiu-ctrl", "-f", str(self.prefix), "-c", text, str(gateway.pid)], check=True, timeout=20)

    def enable(self, gateway, name, code):
        self.command(gateway, f"enable name={name},failinfo={code}")

    def disable(self, gateway, name):
        self.command(gateway, f"disable name={name}")


FAULTS = [
    ("posix/io/rw/pwrite", errno.ENOSPC), ("posix/io/rw/pwrite", errno.EIO), ("posix/io/sync/fdatasync", errno.EIO),
]


@pytest.mark.parametrize(("call", "code"), FAULTS, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_a_disk_that_fails_refuses_and_loses_nothing(recording, alice, bob, tmp_path, call, code):
    faults = Faults(tmp_path)
    one = recording(environment=faults.environment)
    with one.client(alice) as client:
        assert client.request(path="/strict/before").status == 200
        faults.enable(one.gateway, call, code)
        refused = client.request(path="/strict/during")
        assert (refused.status, refused.code) == (503, "SP8023")
        # Elsewhere the gateway goes on; what it would have recorded waits.
        assert client.request(path="/loose").status == 200
        with one.client(bob) as other:
            assert other.request(path="/loose").status == 403
        assert "SP8023" in one.gateway.logged("SP8023", timeout=15)
        faults.disable(one.gateway, call)
        eventually(lambda: of("request.refused", one.gateway.state), "what waited was not written")
        assert client.request(path="/strict/after").status == 200
    assert [request.target for request in one.upstream.requests] == ["/strict/before", "/loose", "/strict/after"]
    one.gateway.stop()
    assert one.gateway.process.returncode == 0
    check(one.gateway.state, ["/strict/before", "/strict/after"], SeenStrict(one.upstream))


class SeenStrict:
    """What of an upstream's requests came by the strict route."""

    def __init__(self, upstream):
        self.requests = [request for request in upstream.requests if request.target.startswith("/strict/")]


@pytest.mark.timeout(300)
def test_when_too_much_waits_refusals_are_503(recording, bob, tmp_path):
    """8192 records wait; then no refusal goes out that is not recorded."""
    faults = Faults(tmp_path)
    one = recording(environment=faults.environment, limits={"addresses": {"exempt": ["127.0.0.0/8"]}})
    faults.enable(one.gateway, "posix/io/rw/pwrite", errno.ENOSPC)
    told, full, strange = [], [], []

    def ask():
        while not full and not strange:
            with one.client(bob) as client:
                reply = None
                while not full and not strange and (reply is None or reply.get("connection") != "close"):
                    reply = client.request(path="/loose")
                    if reply.status == 403:
                        told.append(reply)
                    else:
                        (full if (reply.status, reply.code) == (503, "SP8024") else strange).append(reply)
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
        assert not thread.is_alive()
    assert full and not strange, strange
    assert len(told) > 8000 and one.gateway.alive
    faults.disable(one.gateway, "posix/io/rw/pwrite")
    eventually(lambda: len(of("request.refused", one.gateway.state)) >= len(told), "refusals are missing", timeout=60)
    assert len(of("request.refused", one.gateway.state)) == len(told)
    one.gateway.stop()
    assert verify(one.gateway.state)["sound"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_refuses_until_there_is_room(recording, alice):
    one = recording()
    one.gateway.stop()
    state, away = one.gateway.state, one.gateway.folder / "away"
    state.rename(away)
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(state)], check=True)
    gateway = None
    try:
        shutil.copytree(away, state, dirs_exist_ok=True)
        gateway = Gateway(one.gateway.folder, one.configuration)
        with one.client(alice) as client:
            assert client.request(path="/strict/before").status == 200
            filler = state / "filler"
            descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
            with pytest.raises(OSError):
                while True:
                    os.write(descriptor, b"x" * 4096)
            os.close(descriptor)
            answers, acknowledged = [], ["/strict/before"]
            for number in range(2000):
                reply = client.request(path=f"/strict/full-{number}")
                answers.append(reply.status)
                if reply.status == 503:
                    assert reply.code == "SP8023"
                    break
                acknowledged.append(f"/strict/full-{number}")
            assert answers[-1] == 503
            assert gateway.alive
            filler.unlink()
            assert client.request(path="/strict/after").status == 200
        gateway.stop()
        assert gateway.process.returncode == 0
        check(state, [*acknowledged, "/strict/after"], one.upstream)
        assert records(state)[-1]["event"] == "gateway.stopped"
    finally:
        if gateway:
            gateway.stop()
        subprocess.run(["umount", str(state)], check=True)
