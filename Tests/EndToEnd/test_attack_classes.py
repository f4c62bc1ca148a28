"""Each class of attack beside a good client: that one is served as before, memory returns, and refusals can be seen.

Every attack lasts SALLYPORT_ATTACK_SECONDS, one where nothing is said; 60 is the real thing, with a gateway of its own
for each. SALLYPORT_ATTACK_REPORT names a file to which the figures go, a line of JSON for each attack.

What is compared is the good client (good_client.py) with itself just before. The attackers (attackers.py) come from
other addresses with another identity, at bounded rates, and give way on the processor to the gateway and the good
client: on a machine that all of them share, what they would take for themselves is not the gateway's doing."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from attackers import ATTACKS
from conftest import Edge, files
from gateway import Lines, free_port

SECONDS = float(os.environ.get("SALLYPORT_ATTACK_SECONDS") or 1)
#: Long enough that a hundredth of the requests is more than one or two.
IS_LONG = SECONDS >= 10
CALM = SECONDS / 6 if IS_LONG else 0.4
HERE = Path(__file__).parent

#: Of requests.
SERVED = 0.999
#: How much slower the good client may get, with the seconds that are noise. A second of a debug build, on a machine that
#: has other things to do, says whether the good client hangs and nothing finer: the real bar is that of the long run.
SLOWER, NOISE = 2, {"median": 0.001, "p99": 0.003} if IS_LONG else {"median": 3, "p99": 3}
#: Bytes; what stays after the attack is what the allocator keeps.
GROWTH, KEPT = 64 << 20, 32 << 20
#: What the defaults let in for longer than a short run lasts is refused sooner there.
ADDRESSES = 8 if IS_LONG else 2
LIMITS = {"addresses": {"exempt": []}} if IS_LONG else {
    "addresses": {"exempt": [], "rate": "20/s", "burst": 40, "handshakes": "10/s"}, "identities": {"connections": 16}}

#: The codes of which one must be seen during the attack, in `status --json` under `edge.refused` ("door") or in the log;
#: nothing for what takes longer to be refused than a short run lasts.
DOOR = {
    "connect-flood": {"SP4042"}, "accept-starvation": {"SP4041", "SP4042"}, "handshake-flood": {"SP4044", "SP4045"},
    "stalled-hello": {"SP4041", "SP4042"}, "garbage": {"SP4042", "SP4044"}, "identity-exhaustion": {"SP4046"},
}
LOG = {
    "open-files": {"SP4048", "SP3020", "SP4040"},
    "h2-ping-flood": {"SP4036"}, "h2-settings-flood": {"SP4036"}, "h2-priority-flood": {"SP4036"},
    "h2-window-update-flood": {"SP4036"}, "h2-unknown-frames": {"SP4036"}, "h2-empty-data": {"SP4036"},
    "h2-tiny-data": {"SP4036"}, "h2-rapid-reset": {"SP4037"}, "h2-made-you-reset": {"SP4037", "SP4036", "SP4029", "SP4038"},
    "h2-continuation-flood": {"SP4029", "SP4036"}, "h2-hpack-bomb": {"SP4029"}, "h2-table-sizes": {"SP4029"},
    "h2-large-headers": {"SP4029"},
}


class Running:
    """A helper process that ends when its input does."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [sys.executable, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.output = Lines(self.process.stdout)

    def wait_ready(self):
        deadline = time.monotonic() + 20
        while "ready" not in self.output.lines:
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.01)

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if "upstream" in self.process.args[1]:
            self.process.kill()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Target:
    """A gateway, its upstream, and the good client."""

    def __init__(self, folder, authority, server_certificate, good, **options):
        # What the upstream itself suffers is not what is measured here: the good client has one of its own.
        good_port, other_port = free_port(), free_port()
        self.upstreams = [Running("upstream_process.py", port) for port in (good_port, other_port)]
        os.setpriority(os.PRIO_PROCESS, self.upstreams[1].process.pid, 10)
        for upstream in self.upstreams:
            upstream.wait_ready()
        self.edge = Edge(folder, authority, server_certificate, limits=LIMITS, **options, identities={
            "alice": {"commonName": "alice", "issuer": "test"}, "mallory": {"commonName": "mallory", "issuer": "test"}},
            routes=[
                {"name": name, "match": {"path": path}, "allow": ["alice", "mallory"], "to": f"http://127.0.0.1:{port}"}
                for name, path, port in (("good", "/good", good_port), ("all", "/", other_port))])
        self.gateway = self.edge.gateway
        self.good = Running("good_client.py", self.edge.port, *good)
        deadline = time.monotonic() + 10
        while len(self.good.output.lines) < 40:
            assert time.monotonic() < deadline, self.good.output.text
            time.sleep(0.05)

    def samples(self, since, until):
        """(seconds, kind, error) of the good client's requests that were due then."""
        lines = [json.loads(line) for line in list(self.good.output.lines)]
        return [tuple(rest) for due, *rest in lines if since <= due < until]

    def refusals(self):
        return {entry["code"]: entry["count"] for entry in self.gateway.status()["edge"]["refused"]}

    def close(self):
        self.good.close()
        self.gateway.stop()
        for upstream in self.upstreams:
            upstream.close()


@pytest.fixture(scope="session")
def mallory(authority):
    return files(authority.issue("mallory", uris=["spiffe://test/mallory"]))


@pytest.fixture(scope=lambda **_: "function" if IS_LONG else "module")
def target(tmp_path_factory, authority, server_certificate, alice):
    one = Target(tmp_path_factory.mktemp("attacks"), authority, server_certificate, alice)
    yield one
    one.close()


class Memory:
    """The gateway's resident memory, twenty times a second."""

    def __init__(self, gateway):
        self.gateway, self.over = gateway, threading.Event()
        self.before = self.peak = gateway.resident_bytes()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.over.wait(0.05) and self.gateway.alive:
            self.peak = max(self.peak, self.gateway.resident_bytes())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def after(self, timeout):
        """What is left, once it is little enough or the time is over."""
        deadline = time.monotonic() + timeout
        while (now := self.gateway.resident_bytes()) > self.before + KEPT / 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        return now


def figures(samples):
    """Of the kept connections: a handshake is another thing than a request."""
    times = sorted(seconds for seconds, kind, _ in samples if kind != "new")
    return times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]


def run(name, target, mallory):
    """The figures of one attack."""
    gateway, calm = target.gateway, time.monotonic()
    time.sleep(CALM)
    refused, mark = target.refusals(), gateway.mark()
    with Memory(gateway) as memory:
        attackers = Running("attackers.py", name, target.edge.port, SECONDS, *mallory, ADDRESSES)
        attackers.wait_ready()
        start = time.monotonic()
        time.sleep(SECONDS)
        end = time.monotonic()
        # Status is asked for before the attackers let go: it answers in the middle of an attack.
        codes = {code: count - refused.get(code, 0) for code, count in target.refusals().items() if count > refused.get(code, 0)}
        attackers.process.wait(30)
        time.sleep(0.2)
    assert attackers.process.returncode == 0
    before, during = target.samples(calm, start), target.samples(start, end)
    (median, p99), (median_then, p99_then) = figures(before), figures(during)
    errors = [error for *_, error in during if error]
    return {
        "attack": name, "seconds": SECONDS, "requests": len(during), "errors": errors,
        "served": 1 - len(errors) / len(during), "median": median, "median during": median_then, "p99": p99,
        "p99 during": p99_then, "memory": memory.before, "peak": memory.peak, "after": memory.after(10 if IS_LONG else 3),
        "refused": codes, "logged": sorted(set(re.findall(r"SP\d{4}", "\n".join(gateway.stderr.lines[mark:])))),
        "attackers": json.loads(attackers.output.lines[-1])}


def judge(result):
    """All that is wrong, in words."""
    name, failures = result["attack"], []
    if result["served"] < SERVED:
        failures.append(f"{result['served']:.4%} served: {result['errors'][:3]}")
    for what in ("median", "p99"):
        if result[what + " during"] > SLOWER * result[what] + NOISE[what]:
            failures.append(f"{what} {1000 * result[what]:.1f} ms, then {1000 * result[what + ' during']:.1f} ms")
    if result["peak"] - result["memory"] > GROWTH:
        failures.append(f"{(result['peak'] - result['memory']) >> 20} MiB at most")
    if result["after"] - result["memory"] > KEPT:
        failures.append(f"{(result['after'] - result['memory']) >> 20} MiB were kept")
    if name in DOOR and not DOOR[name] & set(result["refused"]):
        failures.append(f"none of {DOOR[name]} in status: {result['refused']}")
    if name in LOG and not LOG[name] & set(result["logged"]):
        failures.append(f"none of {LOG[name]} in the log: {result['logged']}")
    return failures


def report(result):
    if path := os.environ.get("SALLYPORT_ATTACK_REPORT"):
        with open(path, "a") as file:
            file.write(json.dumps(result) + "\n")


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "open-files"])
def test_a_good_client_beside(name, target, mallory):
    result = run(name, target, mallory)
    report(result)
    assert target.gateway.alive
    assert not (failures := judge(result)), (failures, result)


@pytest.mark.timeout(SECONDS + 120)
def test_a_good_client_beside_those_who_take_all_files(tmp_path, authority, server_certificate, alice, mallory):
    one = Target(tmp_path, authority, server_certificate, alice, open_files=256)
    try:
        result = run("open-files", one, mallory)
        report(result)
        # New connections cannot come in; those that are kept go on.
        result["errors"] = [error for _, kind, error in one.samples(0, time.monotonic()) if error and kind != "new"]
        result["served"] = 0 if result["errors"] else 1
        assert one.gateway.alive
        assert not (failures := judge(result)), (failures, result)
    finally:
        one.close()
