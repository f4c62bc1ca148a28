"""Clients that say what a test wants said, byte by byte, and read replies strictly."""

import contextlib
import dataclasses
import json
import socket
import ssl


class Closed(Exception):
    """The gateway closed the connection where a reply was expected."""


@dataclasses.dataclass
class Reply:
    status: int
    fields: list
    body: bytes
    complete: bool = True

    def all(self, field):
        return [value for key, value in self.fields if key == field.lower()]

    def get(self, field):
        values = self.all(field)
        assert len(values) <= 1, f"{field} stands {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def problem(self):
        """The RFC 9457 members, checked for what a refusal may show and nothing else."""
        assert self.get("content-type") == "application/problem+json", self
        members = json.loads(self.body)
        assert set(members) <= {"type", "title", "status", "code", "request_id", "violated-policies"}, members
        assert members["status"] == self.status and members["request_id"], members
        return members

    @property
    def code(self):
        return self.problem["code"]


def context_for(credential=None, *, authority=None, alpn=("http/1.1",)):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        context.load_verify_locations(authority)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if credential:
        context.load_cert_chain(*credential)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def connect(port, *, timeout=10, source=None, receive_buffer=None, behind=None):
    """A connection, from an address such as 127.0.0.2 where one is named.

    `behind` is an address for which a load balancer speaks that has this connection."""
    plain = socket.socket()
    try:
        plain.settimeout(timeout)
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            plain.bind((source, 0))
        plain.connect(("127.0.0.1", port))
        if behind:
            family, to = ("TCP6", "2001:db8:ffff::1") if ":" in behind else ("TCP4", "192.0.2.1")
            plain.sendall(f"PROXY {family} {behind} {to} 40000 443\r\n".encode())
    except BaseException:
        plain.close()
        raise
    return plain


class Client:
    """One mutual-TLS connection. `credential` is (certificate file, key file) or nothing."""

    def __init__(self, port, credential=None, *, server_name="localhost", timeout=10, context=None, authority=None,
                 source=None, receive_buffer=None, behind=None):
        plain = connect(port, timeout=timeout, source=source, receive_buffer=receive_buffer, behind=behind)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            context = context or context_for(credential, authority=authority)
            self.socket = context.wrap_socket(plain, server_hostname=server_name)
        except BaseException:
            plain.close()
            raise
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except (ssl.SSLEOFError, ConnectionResetError, ssl.SSLZeroReturnError) as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed
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
        line, *rest = self.read_until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        version, status, *_ = line.split(" ")
        assert version == "HTTP/1.1", line
        fields = [(key.lower(), value.strip()) for key, value in (one.split(":", 1) for one in rest)]
        return Reply(int(status), fields, b"")

    def read_reply(self, method="GET"):
        """A final reply with its whole body. A body that is cut short is marked as not complete."""
        reply = self.read_head()
        while reply.status < 200:
            reply = self.read_head()
        if method == "HEAD" or reply.status in (204, 304):
            return reply
        try:
            if reply.get("transfer-encoding") == "chunked":
                assert reply.get("content-length") is None, reply
                self.read_chunks(reply)
            elif reply.get("content-length") is not None:
                self.read_length(reply, int(reply.get("content-length")))
            else:
                self.read_to_end(reply)
        except Closed:
            reply.complete = False
        return reply

    def read_length(self, reply, length):
        while len(reply.body) < length:
            if not self.buffer:
                self.receive()
            taken, self.buffer = self.buffer[:length - len(reply.body)], self.buffer[length - len(reply.body):]
            reply.body += taken

    def read_chunks(self, reply):
        while True:
            size = int(self.read_until(b"\r\n"), 16)
            reply.body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"
            if size == 0:
                return

    def read_to_end(self, reply):
        with contextlib.suppress(Closed):
            while True:
                self.receive()
        reply.body, self.buffer = self.buffer, b""

    def request(self, method="GET", path="/", fields=(), body=None, host="localhost"):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))
        return self.read_reply(method)

    def is_closed(self, timeout=5):
        """Whether the gateway closes the connection without saying anything more."""
        self.socket.settimeout(timeout)
        try:
            self.receive()
        except Closed:
            return True
        except TimeoutError:
            return False
        return False


def refused(port, credential=None, **options):
    """Whether a connection gets no reply to its request: in TLS 1.3 the refusal comes after the client's handshake."""
    try:
        with Client(port, credential, **options) as client:
            client.request()
    except (Closed, OSError):
        return True
    return False
