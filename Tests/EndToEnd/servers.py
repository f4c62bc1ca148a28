"""Upstreams made of plain sockets: they do exactly what a test tells them, and write down what reached them."""

import dataclasses
import socket
import struct
import threading
import time


class Disconnected(Exception):
    """The peer closed before a whole message had come."""


@dataclasses.dataclass
class Request:
    """What arrived, with names lower-cased and the bytes as they were."""

    line: str
    fields: list
    body: bytes
    raw_head: bytes

    @property
    def target(self):
        return self.line.split(" ")[1]

    def all(self, field):
        return [value for key, value in self.fields if key == field.lower()]

    def get(self, field):
        values = self.all(field)
        assert len(values) <= 1, f"{field} stands {len(values)} times: {values}"
        return values[0] if values else None


class Connection:
    """One accepted connection: reads requests, writes whatever it is given."""

    def __init__(self, server, number, plain):
        self.server, self.number, self.socket = server, number, plain
        self.buffer = b""
        self.served = 0

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise Disconnected
        self.buffer += data

    def read_until(self, mark):
        while mark not in self.buffer:
            self.receive()
        found, self.buffer = self.buffer.split(mark, 1)
        return found + mark

    def read_exactly(self, count):
        while len(self.buffer) < count:
            self.receive()
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def read_head(self):
        raw = self.read_until(b"\r\n\r\n")
        line, *rest = raw[:-4].decode("latin-1").split("\r\n")
        fields = [(key.lower(), value.strip()) for key, value in (one.split(":", 1) for one in rest)]
        return Request(line, fields, b"", raw)

    def read_body(self, request):
        if request.all("transfer-encoding"):
            assert request.all("transfer-encoding") == ["chunked"] and not request.all("content-length")
            return self.read_chunks()
        return self.read_exactly(int(request.get("content-length") or 0))

    def read_chunks(self):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n"), 16)
            body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"
            if size == 0:
                return body

    def read_request(self):
        request = self.read_head()
        request.body = self.read_body(request)
        self.note(request)
        return request

    def note(self, request):
        self.served += 1
        self.server.requests.append(request)

    def send(self, data):
        self.socket.sendall(data)

    def reply(self, body=b"hello\n", status="200 OK", fields=()):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def reset(self):
        """Closes with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def answer_all(connection):
    """The well-behaved upstream: 200 for every request, for as long as the connection lives."""
    while True:
        connection.read_request()
        connection.reply()


class Server:
    """Listens on 127.0.0.1 and runs `behaviour(connection)` in a thread for each connection."""

    def __init__(self, behaviour=answer_all, *, port=0, tls=None):
        self.behaviour, self.tls = behaviour, tls
        self.requests, self.errors, self.connections, self.handshake_failures = [], [], [], []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _accept(self):
        while not self.closed:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            plain.settimeout(45)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, len(self.connections), plain)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.tls:
                connection.socket = self.tls.wrap_socket(connection.socket, server_side=True)
        except OSError as error:
            self.handshake_failures.append(error)
            connection.socket.close()
            return
        try:
            self.behaviour(connection)
        except (Disconnected, OSError):
            pass
        except Exception as error:  # noqa: BLE001 - shown by the fixture, which fails the test
            self.errors.append(error)
        finally:
            connection.socket.close()

    def wait_for_requests(self, count, timeout=5):
        deadline = time.monotonic() + timeout
        while len(self.requests) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.requests

    def close(self):
        self.closed = True
        self.listener.close()
        for connection in self.connections:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.socket.close()
