"""`sallyport status` with its rates and routes, and `sallyport top` with and without a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from gateway import binary


def work(one, *credentials):
    for credential in credentials:
        with one.client(credential) as client:
            client.request()


@pytest.fixture
def busy(edge, serve, alice, bob):
    one = edge(serve())
    work(one, alice, alice, bob)
    deadline = time.monotonic() + 20
    while sum(one.gateway.status()["requestRates"]) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return one


def test_status_has_rates_and_routes(busy):
    status = busy.gateway.status()
    route = status["routes"][0]
    assert (route["name"], route["requests"], route["clientErrors"], route["serverErrors"]) == ("all", 3, 1, 0)
    assert sum(route["durations"]) == 3
    text = busy.gateway.command("status").stdout
    assert re.search(r"requests +3  [▁▂▃▄▅▆▇█]+  \d+/s, \d+/s at most", text), text
    assert re.search(r"route +all  3 requests, 1 client errors, 0 server errors, half within [\d.]+ ms", text), text


def test_top_without_a_terminal_is_one_look(busy):
    done = busy.gateway.command("top")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("generation 1   requests 3")
    assert any(re.match("ROUTE +REQ/S +4XX/S +5XX/S +P50 +P99", line) for line in lines), done.stdout
    assert any(line.startswith("all ") for line in lines) and any(re.search("1/1", line) for line in lines)
    assert "\x1b" not in done.stdout and "next:" in done.stderr
    assert json.loads(busy.gateway.command("top", "--json").stdout)["routes"][0]["name"] == "all"


def test_top_without_a_gateway_says_so(tmp_path):
    done = subprocess.run([binary(), "top", "--state", tmp_path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "no gateway is running" in done.stderr


class Screen:
    """A terminal of 100 columns in which a command runs."""

    def __init__(self, *command):
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.before = termios.tcgetattr(follower)
        self.follower = follower
        self.process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower)
        self.text = ""

    def wait(self, pattern, timeout=30):
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self.text)):
            assert time.monotonic() < deadline, self.text
            if select.select([self.leader], [], [], 0.1)[0]:
                self.text += os.read(self.leader, 65536).decode(errors="replace")
        return match

    def press(self, key):
        self.text = ""
        os.write(self.leader, key)

    def end(self):
        assert self.process.wait(20) == 0
        assert termios.tcgetattr(self.follower) == self.before
        os.close(self.leader)
        os.close(self.follower)


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_top_in_a_terminal(busy, alice, key):
    screen = Screen(binary(), "top", "--state", str(busy.gateway.state))
    screen.wait("now by requests")
    work(busy, alice)
    screen.wait("requests 4 ")
    screen.press(b"s")
    screen.wait("now by errors")
    screen.press(key)
    screen.wait(re.escape("\x1b[?1049l"))
    screen.end()
