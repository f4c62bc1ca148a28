"""Debian's redis-server as a process that can be hung, killed and started again at the same port."""

import shutil
import signal
import socket
import subprocess
import time

from gateway import Lines, free_port


def is_installed():
    return bool(shutil.which("redis-server"))


class RedisServer:
    def __init__(self, *settings, tls=False):
        """`settings`: as on the command line, such as `--requirepass`. With `tls` there is no other port."""
        self.port, self.settings, self.tls = free_port(), settings, tls
        self.start()

    def start(self):
        port = ["--port", "0", "--tls-port", str(self.port)] if self.tls else ["--port", str(self.port)]
        self.process = subprocess.Popen(
            ["redis-server", *port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *self.settings],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = Lines(self.process.stdout)
        deadline = time.monotonic() + 10
        while "Ready to accept connections" not in self.output.text:
            assert self.process.poll() is None and time.monotonic() < deadline, self.output.text
            time.sleep(0.02)

    @property
    def url(self):
        return f"{'valkeys' if self.tls else 'valkey'}://127.0.0.1:{self.port}"

    def command(self, *words):
        """Sends one command without TLS and returns the reply as it came."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain:
            plain.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one.encode()) for one in words))
            return plain.recv(65536).decode()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def stop(self):
        if self.process.poll() is None:
            self.go_on()
            self.kill()
