"""The proxies that are compared: how each is started, with which configuration, on one worker thread."""

import contextlib
import os
import socket
import string
import subprocess
import time
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent / "Peers"
REPLY = "sallyport benchmark reply ".ljust(92, ".") + "\\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """A proxy: a configuration template and the command that runs it."""

    def __init__(self, name, template, command, environment=None, **values):
        """`values` are for the template."""
        self.name, self.template, self.command, self.values = name, template, command, values
        self.environment = environment or {}

    def write_configuration(self, folder, port, backend):
        path = folder / f"{self.name}-{self.template}"
        text = string.Template((TEMPLATES / self.template).read_text())
        path.write_text(text.substitute(self.values, folder=folder, port=port, backend=backend, reply=REPLY))
        return path

    @contextlib.contextmanager
    def running(self, folder, backend):
        """Starts it, waits until it accepts connections, yields (process id, port), stops it."""
        port = free_port()
        configuration = self.write_configuration(folder, port, backend)
        command = [part.format(file=configuration, folder=folder) for part in self.command]
        with open(folder / f"{self.name}.out", "ab") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **self.environment})
        try:
            wait_until_open(process, port, folder / f"{self.name}.out")
            yield process.pid, port
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_open(process, port, output):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode}:\n{output.read_text()[-2000:]}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"{process.args[0]} does not listen on port {port} after 60 s; see {output}")


def backend_server():
    return Peer("backend", "backend.conf", ["nginx", "-c", "{file}"])


def counted_peer(tools, folder):
    """Sallyport under allocations.c, and the file of its counters."""
    peer, counters = own_peer("sallyport-counted"), folder / "allocations"
    peer.environment = {"LD_PRELOAD": str((tools / "allocations.so").absolute()), "ALLOCATIONS": str(counters)}
    return peer, counters


#: Two limits that nobody reaches, a condition, and a field each way.
POLICIES = """policies:
  baseline:
    rateLimit:
      - { name: address, by: address, rate: 1000000/s }
      - { name: identity, by: identity, rate: 1000000/s }
    when: 'request.method in ["GET", "HEAD"]'
    headers: { request: { set: { x-team: orders } }, response: { set: { x-frame-options: DENY } } }
"""


#: As the comparison runs it; the others write a log as well.
ACCESS_LOG = '  accessLog: {{ to: "file:{name}-access.log", format: json }}\n'
NOTHING = '  accessLog: { to: none, because: "what nothing costs" }\n'


def own_peer(name, crl="", policies="", allow="[alice]", observability=None):
    """`crl` is the file with the authority's revocation list; without one no status is asked for."""
    sallyport = str(Path(os.environ["SALLYPORT_BIN"]).absolute())
    return Peer(name, "sallyport.yaml",
                [sallyport, "run", "-c", "{file}", "--state", f"{{folder}}/state-{name}", "--threads", "1"],
                instance=name, crl=f", crl: {crl}" if crl else "", policies=policies, allow=allow,
                observability=observability or ACCESS_LOG.format(name=name))


def own_peers_with_lists():
    """What a long revocation list costs: the same gateway with an empty one and with one of 100,000 entries."""
    return [own_peer("sallyport-empty-crl", "empty.crl"), own_peer("sallyport-crl", "long.crl")]


def own_peers_with_policies():
    """What policies cost: the same gateway for anyone, and for an identity under them."""
    anyone = 'anyone\n    because: "what nothing costs"'
    return [own_peer("sallyport-open", allow=anyone), own_peer("sallyport-policies", policies=POLICIES)]


def own_peers_with_telemetry(metrics, collector):
    """What being seen costs: the same gateway without any record, and with an access log, metrics and traces."""
    everything = ACCESS_LOG.format(name="sallyport-seen") + (
        f"  metrics: {{ address: 127.0.0.1:{metrics} }}\n"
        f'  otlp: {{ endpoint: "http://127.0.0.1:{collector}" }}\n')
    return [own_peer("sallyport-unseen", observability=NOTHING), own_peer("sallyport-seen", observability=everything)]


def all_peers(tools):
    binaries = tools / "venv" / "bin"
    return [
        own_peer("sallyport"),
        Peer("nginx", "nginx.conf", ["nginx", "-c", "{file}"]),
        Peer("haproxy", "haproxy.cfg", ["haproxy", "-f", "{file}"]),
        Peer("envoy", "envoy.yaml",
             [str(binaries / "envoy"), "-c", "{file}", "--concurrency", "1", "--log-level", "warning",
              "--use-dynamic-base-id"]),
        Peer("caddy", "Caddyfile", [str(binaries / "caddy"), "run", "--adapter", "caddyfile", "--config", "{file}"],
             {"GOMAXPROCS": "1", "HOME": "/nonexistent"}),
    ]
