"""Runs the `sallyport` binary as a process, as its users do."""

import contextlib
import itertools
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT = 30
LOG_TIMEOUT = 2


def binary():
    if chosen := os.environ.get("SALLYPORT_BIN"):
        return str(Path(chosen).absolute())
    for build in ("debug", "release"):
        path = ROOT / ".build" / build / "sallyport"
        if path.exists():
            return str(path)
    raise SystemExit("there is no sallyport binary: run `swift build`, or name one in SALLYPORT_BIN")


def _ports():
    """Ports that the kernel gives to nobody by itself: another socket of this machine could get one of the others between
    our asking and the gateway's listening. Each process begins at a place of its own."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    ports = [*range(10_000, low), *range(high + 1, 65_536)] or list(range(low, high + 1))
    start = random.SystemRandom().randrange(len(ports))
    return itertools.cycle(ports[start:] + ports[:start])


PORTS = _ports()


def free_port():
    """A port on which nobody listens, on loopback or everywhere. The same one comes again only after all the others."""
    for port in itertools.islice(PORTS, 1000):
        with contextlib.suppress(OSError):
            for address in ("127.0.0.1", ""):
                with socket.socket() as probe:
                    probe.bind((address, port))
            return port
    raise AssertionError("a thousand ports in a row are taken")


def sallyport(*arguments, state=None, check=True, stdin=None, cwd=None, environment=None):
    """Runs a command to its end. Standard output holds results, standard error everything else."""
    command = [binary(), *map(str, arguments)]
    if state:
        place = command.index("--") if "--" in command else len(command)
        command[place:place] = ["--state", str(state)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=50, input=stdin, cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **(environment or {})})
    if check:
        assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Lines:
    """The lines of a stream, collected in the background."""

    def __init__(self, stream):
        self.lines = []
        self._stream = stream
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self._stream:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self):
        return "\n".join(self.lines)


def crash_report(output):
    """What the run-time said, and the frames of the thread that crashed."""
    words = re.search(r"(?m)^.*(Fatal|Simultaneous access|Crash:|overflow).*$", output)
    start = words.start() if words else 0
    crashed = output.find("crashed", start)
    return output[start:start + 1000] + "\n…\n" + output[crashed - 100:crashed + 6000]


class Process:
    """A running gateway: `run` or `demo`."""

    def __init__(self, *arguments, state, cwd=None, environment=None, open_files=None):
        """`open_files` is what the process may have open at most."""
        self.state = Path(state)
        bound = open_files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files)))
        self.process = subprocess.Popen(
            [binary(), *map(str, arguments), "--state", str(state)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True, errors="replace", cwd=cwd, preexec_fn=bound,
            env={**os.environ, "NO_COLOR": "1", **(environment or {})})
        self.stdout, self.stderr = Lines(self.process.stdout), Lines(self.process.stderr)

    @property
    def pid(self):
        return self.process.pid

    @property
    def output(self):
        return self.stdout.text + "\n" + self.stderr.text

    @property
    def alive(self):
        return self.process.poll() is None

    def wait_for(self, pattern, timeout=START_TIMEOUT, *, since=0, where=None):
        """The first match of the pattern in the output; fails with the whole output when it does not come."""
        deadline = time.monotonic() + timeout
        while True:
            text = (where or self).text if where else self.output
            if match := re.search(pattern, text[since:]):
                return match
            if not self.alive and time.monotonic() > deadline - timeout + 0.5:
                break
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        raise AssertionError(
            f"no {pattern!r} within {timeout} s (exit status {self.process.poll()}); output:\n{self.output[-4000:]}")

    def wait_ready(self):
        self.wait_for(r"(?m)\bready\b", where=self.stdout)
        return self

    def mark(self):
        """A place in standard error: what is logged after it."""
        return len(self.stderr.lines)

    def logged(self, code, since=0, timeout=LOG_TIMEOUT):
        """The log line that carries this code, within two seconds. Standard error only: results on standard output name codes too."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.stderr.lines[since:]:
                if code in line:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"{code} was not logged; standard error since then:\n" + "\n".join(self.stderr.lines[since:]))

    def resident_bytes(self):
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self):
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=40):
        return self.process.wait(timeout)

    def stop(self):
        """Ends it if it still runs. A gateway that crashed is a failure of whatever test ran."""
        if self.alive:
            self.signal(signal.SIGTERM)
            try:
                self.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.wait()
        crashed = self.process.returncode in (-signal.SIGSEGV, -signal.SIGILL, -signal.SIGTRAP, -signal.SIGABRT, -signal.SIGBUS)
        assert not crashed, f"the gateway crashed ({self.process.returncode}):\n{crash_report(self.output)}"


class Gateway(Process):
    """`sallyport run` with a configuration written by a test."""

    def __init__(self, folder, configuration, *, arguments=(), wait=True, open_files=None, environment=None):
        self.folder = Path(folder)
        self.file = self.folder / "sallyport.yaml"
        self.access_file = self.folder / "access.log"
        self.write(configuration)
        super().__init__("run", "-c", self.file, *arguments, state=self.folder / "state", cwd=self.folder,
                         environment=environment, open_files=open_files)
        if wait:
            self.wait_ready()

    def write(self, configuration):
        text = configuration if isinstance(configuration, str) else json.dumps(configuration, indent=2)
        self.file.write_text(text)

    def command(self, *arguments, **options):
        return sallyport(*arguments, state=self.state, **options)

    def status(self):
        return json.loads(self.command("status", "--json").stdout)

    def access_lines(self):
        """The access log so far. Every line must be JSON."""
        if not self.access_file.exists():
            return []
        return [json.loads(line) for line in self.access_file.read_text().split("\n") if line]

    def access_line(self, test, timeout=3):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.access_lines():
                if test(line):
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no such line in the access log: {self.access_lines()[-5:]}")
