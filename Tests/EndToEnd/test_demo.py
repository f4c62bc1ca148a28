"""The first minutes: `sallyport demo` and the three lines it tells a newcomer to try."""

import re
import subprocess
import time

import pytest

from gateway import Process, free_port, sallyport


class Demo:
    def __init__(self, folder):
        self.port, self.state = free_port(), folder / "state"
        self.process = Process("demo", "--port", self.port, state=self.state, cwd=folder).wait_ready()

    def curl(self, path, *options, identity=None):
        return sallyport(
            "curl", path, *(["--as", identity] if identity else []), *options, state=self.state, check=False)

    def plain_curl(self, *options):
        return subprocess.run(
            ["curl", "-sS", "--cacert", self.state / "ca/root.pem", *options, f"https://localhost:{self.port}/"],
            capture_output=True, text=True, timeout=20)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("demo"))
    yield demo
    demo.process.stop()


def test_what_it_prints(demo):
    text = demo.process.output
    for line in ("local CA", "server certificate", "alice, bob", f"https://localhost:{demo.port}", "sallyport curl /", "SP3001", "SP2001"):
        assert line in text, (line, text)
    for later in ("mcp", "echo", "Console", "chat/completions"):
        assert later not in text, f"{later} does not work yet"


def test_alice(demo):
    done = demo.curl("/")
    assert done.returncode == 0 and "hello alice" in done.stdout, done


def test_bob(demo):
    done = demo.curl("/", identity="bob")
    assert "SP3001" in done.stdout + done.stderr and "403" in done.stdout + done.stderr, done


def test_nobody(demo):
    mark = demo.process.mark()
    done = demo.curl("/", identity="nobody")
    assert done.returncode != 0 and "hello" not in done.stdout
    line = demo.process.logged("SP2001", since=mark)
    assert "sallyport cert client" in line


def test_curl_shows_the_plain_command(demo):
    """What `-v` prints does the same without sallyport."""
    done = demo.curl("/", "-v")
    printed = re.search(r"(?m)^\W*(curl .*https://\S+.*)$", done.stderr + done.stdout)[1]
    again = subprocess.run(printed, shell=True, capture_output=True, text=True, timeout=20)
    assert "hello alice" in again.stdout, (printed, again)


def test_plain_curl_with_pem(demo):
    done = demo.plain_curl("--cert", demo.state / "clients/alice.pem", "--key", demo.state / "clients/alice.key")
    assert "hello alice" in done.stdout, done


def test_plain_curl_with_p12(demo):
    """A certificate bundle made for the purpose, with the password as printed."""
    issued = sallyport("cert", "client", "carol", "--p12", state=demo.state)
    line = next(line for line in (issued.stdout + issued.stderr).split("\n") if "password" in line.lower())
    secret = re.findall(r"[^\s\"'`]+", line.rstrip(". "))[-1]
    done = demo.plain_curl("-w", "%{http_code}", "--cert-type", "P12", "--cert", f"{demo.state / 'clients/carol.p12'}:{secret}")
    assert done.stdout.endswith("403") and "SP3001" in done.stdout, done


def test_openssl(demo):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"localhost:{demo.port}", "-servername", "localhost", "-CAfile", demo.state / "ca/root.pem",
         "-verify_return_error", "-verify_hostname", "localhost", "-cert", demo.state / "clients/alice.pem", "-key",
         demo.state / "clients/alice.key", "-cert_chain", demo.state / "clients/alice.pem", "-quiet"],
        input="GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", capture_output=True, text=True, timeout=20)
    assert "200" in done.stdout and "hello alice" in done.stdout, done


def test_without_the_root_the_gateway_is_not_believed(demo):
    """The other end is proved too: curl with the system's roots refuses."""
    done = subprocess.run(["curl", "-sS", f"https://localhost:{demo.port}/"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 60, done


def test_an_edit_is_taken_up_and_not_overwritten(tmp_path):
    first = Demo(tmp_path)
    try:
        file = next(first.state.rglob("sallyport.yaml"))
        file.write_text(file.read_text().replace("[alice]", "[alice, bob]"))
        deadline = time.monotonic() + 5
        while "hello bob" not in (done := first.curl("/", identity="bob")).stdout and time.monotonic() < deadline:
            time.sleep(0.2)
        assert "hello bob" in done.stdout, done
    finally:
        first.process.stop()
    again = Demo(tmp_path)
    try:
        assert "bob]" in file.read_text()
    finally:
        again.process.stop()


def test_a_taken_port_is_explained(demo, tmp_path):
    second = Process("demo", "--port", demo.port, state=tmp_path / "state", cwd=tmp_path)
    assert second.wait(20) not in (0, None)
    assert str(demo.port) in second.output and "--port" in second.output


def test_a_second_demo_does_not_promise_what_was_revoked(tmp_path):
    first = Demo(tmp_path)
    first.process.stop()
    sallyport("cert", "revoke", "alice", "--yes", state=first.state)
    again = Demo(tmp_path)
    try:
        text = again.process.output
        assert "hello alice" not in text and "SP2220" in text and "cert client alice --yes" in text, text
        assert again.curl("/").returncode != 0
        sallyport("cert", "client", "alice", "--yes", state=first.state)
        assert "hello alice" in again.curl("/").stdout
    finally:
        again.process.stop()
