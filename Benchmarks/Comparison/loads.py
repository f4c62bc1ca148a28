"""Load from h2load with a client certificate: what is asked for, how fast, and what came of it."""

import dataclasses
import os
import re
import subprocess

CONNECTIONS = 16
# Streams at a time of one HTTP/2 connection.
STREAMS = 10
#: Connections that take turns where requests start at fixed times.
TURNS = 64


class Failed(Exception):
    """A run in which not every request or handshake succeeded says nothing about cost."""


@dataclasses.dataclass(frozen=True)
class Work:
    """One kind of request. `share` is how many of the requests of a run are made of this kind: large ones take longer."""

    name: str
    path: str
    bytes: int
    share: float


WORKS = [
    Work("small", "/orders/17?color=blue", 93, 1.0),
    Work("16 KiB", "/files/16k", 16 << 10, 0.5),
    Work("1 MiB", "/files/1m", 1 << 20, 0.02),
]
PROTOCOLS = ["HTTP/1.1", "HTTP/2"]


def make_files(folder):
    """What the backend serves: bytes that no compression makes smaller."""
    files = folder / "files"
    files.mkdir(exist_ok=True)
    (files / "16k").write_bytes(os.urandom(16 << 10))
    (files / "1m").write_bytes(os.urandom(1 << 20))
    files.chmod(0o755)


def environment(tools, folder):
    return {
        **os.environ, "LD_PRELOAD": str((tools / "client_certificate.so").absolute()),
        "CLIENT_CERTIFICATE": str(folder / "client.pem"), "CLIENT_KEY": str(folder / "client.key")}


def command(port, protocol, work, *, connections=CONNECTIONS, scheme="https", streams=STREAMS):
    kind = ["--h1"] if protocol == "HTTP/1.1" else ["-m", str(streams), "-w", "24", "-W", "26"]
    host = f"localhost:{port}" if scheme == "https" else f"127.0.0.1:{port}"
    return ["h2load", *kind, "-t", "1", "-c", str(connections), f"--connect-to=127.0.0.1:{port}",
            f"{scheme}://{host}{work.path}"]


def requests(tools, folder, port, protocol, work, count, connections=CONNECTIONS, streams=STREAMS):
    """All requests must be answered with 200, with all of the content, over the protocol that was asked for.

    Returns requests a second, as the load generator saw it.
    """
    output = subprocess.run(
        [*command(port, protocol, work, connections=connections, streams=streams), "-n", str(count)], env=environment(tools, folder),
        capture_output=True, text=True, timeout=600).stdout
    check(output, count, protocol)
    return float(re.search(r"finished in [^,]+, ([\d.]+) req/s", output)[1])


def check(output, count, protocol):
    good = re.search(r"status codes: (\d+) 2xx", output)
    succeeded = re.search(r"(\d+) succeeded", output)
    spoken = re.search(r"Application protocol: (\S+)", output)
    wanted = {"HTTP/1.1": "http/1.1", "HTTP/2": "h2"}[protocol]
    if not good or int(good[1]) != count or int(succeeded[1]) != count:
        raise Failed(f"h2load: not every request was answered with 200\n{output}")
    if spoken and spoken[1] != wanted:
        raise Failed(f"h2load spoke {spoken[1]} instead of {wanted}")


def at_rate(tools, folder, port, protocol, work, rate, seconds, *, scheme="https", connections=TURNS):
    """Latencies in microseconds, sorted, of requests that start at fixed times.

    So many connections take turns that a late answer holds up no other request: the load does not wait for the peer.
    They are opened one after the other, so that their turns do not fall together; the first second is not counted.
    """
    log = folder / "latency.log"
    log.unlink(missing_ok=True)
    each = max(1, round(rate / connections))
    used = max(1, min(connections, round(rate / each)))
    run = subprocess.run(
        [*command(port, protocol, work, connections=used, scheme=scheme), "--rps", str(each), "-n",
         str(each * used * (seconds + 1)), "-r", "1", "--rate-period=7ms", f"--log-file={log}"],
        env=environment(tools, folder), capture_output=True, text=True, timeout=seconds * 3 + 60)
    rows = [line.split("\t") for line in log.read_text().splitlines()] if log.exists() else []
    if len(rows) < each * used * (seconds + 1) or any(status != "200" for _, status, _ in rows):
        raise Failed(f"h2load at {rate} requests a second: {run.stdout[-1500:]}")
    begun = min(int(start) for start, _, _ in rows) + 1_000_000
    return sorted(int(microseconds) for start, _, microseconds in rows if int(start) >= begun)


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]
