"""`sallyport cert inspect HOST:PORT`: a server, looked at step by step as a client sees it."""

import json
import socket
import ssl
import threading

import pytest

from certificates import DAY, HOUR, SERVER, Authority, now
from conftest import files
from gateway import free_port, sallyport


def inspect(port, *arguments, state, check=True, host="localhost"):
    done = sallyport("cert", "inspect", f"{host}:{port}", *arguments, "--json", state=state, check=False)
    assert done.stdout, done.stderr
    seen = json.loads(done.stdout)
    assert (done.returncode == 0) == seen["good"]
    if check:
        assert done.returncode == 0, done.stdout
    return seen


def step(seen, name):
    return next(one for one in seen["steps"] if one["step"] == name)


@pytest.fixture
def server():
    """Starts TLS servers of Python's ssl on loopback and ends them."""
    open_sockets = []

    def start(credential, change=lambda context: None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files(credential))
        change(context)
        listener = socket.create_server(("127.0.0.1", 0))
        open_sockets.append(listener)

        def serve():
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as tls:
                        tls.settimeout(5)
                        tls.recv(1)
                except (OSError, ssl.SSLError):
                    plain.close()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for one in open_sockets:
        one.close()


def plain_server(answer):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        plain, _ = listener.accept()
        with plain, listener:
            plain.recv(4096)
            plain.sendall(answer)
            plain.recv(4096)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def test_a_gateway_with_the_client_certificate_it_asks_for(shared, alice, authority, tmp_path):
    seen = inspect(shared.port, "--ca", authority.file, "--cert", alice[0], "--key", alice[1], state=tmp_path)
    assert [one["step"] for one in seen["steps"]] == [
        "resolved", "connected", "offered", "answered", "certificate", "verified", "clientCertificate", "ended"]
    assert "X25519MLKEM768" in step(seen, "offered")["facts"]["groups"]
    facts = step(seen, "answered")["facts"]
    assert facts["version"] == "TLS 1.3" and facts["group"] == "X25519MLKEM768" and facts["protocol"] == "h2"
    asked = step(seen, "clientCertificate")["facts"]
    assert "CN=Test Root" in asked["acceptedFrom"] and asked["presented"] == "CN=alice"
    assert seen["verification"]["outcome"]["trusted"]
    times = [one["microseconds"] for one in seen["steps"] if "microseconds" in one and one["step"] != "clientCertificate"]
    assert times == sorted(times)


def test_without_a_certificate_the_alert_is_explained(shared, authority, tmp_path):
    seen = inspect(shared.port, "--ca", authority.file, state=tmp_path, check=False)
    end = step(seen, "ended")
    assert "certificate_required (116)" in end["title"] and "--as NAME" in end["facts"]["fix"]
    assert step(seen, "verified")["mark"] == "passed"


def test_a_client_certificate_that_the_server_refuses(shared, authority, tmp_path):
    late = files(authority.issue("alice", start=now() - 2 * DAY, end=now() + DAY, usage=SERVER))
    seen = inspect(shared.port, "--ca", authority.file, "--cert", late[0], "--key", late[1], state=tmp_path, check=False)
    assert "certificate_unknown (46)" in step(seen, "ended")["title"]


def test_a_certificate_is_not_shown_to_a_server_that_is_not_trusted(shared, alice, tmp_path):
    mark = shared.gateway.mark()
    seen = inspect(shared.port, "--cert", alice[0], "--key", alice[1], state=tmp_path, check=False)
    assert "was not presented" in step(seen, "ended")["title"] and seen["code"] == "SP2205"
    assert "CN=alice" not in shared.gateway.logged("SP23", since=mark)


SERVERS = {
    "expired": ("SP2203", lambda ca: ca.issue("localhost", usage=SERVER, names=["localhost"], start=now() - 2 * DAY, end=now() - HOUR)),
    "not yet valid": ("SP2204", lambda ca: ca.issue("localhost", usage=SERVER, names=["localhost"], start=now() + HOUR)),
    "another name": ("SP2219", lambda ca: ca.issue("other.test", usage=SERVER, names=["other.test"])),
    "unknown issuer": ("SP2205", lambda ca: Authority(ca.folder, "Unknown").issue("localhost", usage=SERVER, names=["localhost"])),
    "for clients only": ("SP2214", lambda ca: ca.issue("localhost", names=["localhost"])),
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_must_not_be_trusted(kind, server, authority, tmp_path):
    code, make = SERVERS[kind]
    seen = inspect(server(make(authority)), "--ca", authority.file, state=tmp_path, check=False)
    assert seen["code"] == code and not seen["good"]
    assert step(seen, "verified")["mark"] == "failed" and step(seen, "ended")["facts"]["fix"]
    if kind == "unknown issuer":
        assert "intermediates" in step(seen, "ended")["facts"]["fix"], "one certificate alone may be a chain cut short"
    # The handshake is looked at to its end all the same.
    assert step(seen, "answered")["facts"]["version"] == "TLS 1.3"


def test_tls12_with_a_client_certificate(server, authority, alice, tmp_path):
    def change(context):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.file)

    port = server(authority.issue("localhost", usage=SERVER, names=["localhost"]), change)
    seen = inspect(port, "--ca", authority.file, "--cert", alice[0], "--key", alice[1], state=tmp_path)
    assert step(seen, "answered")["facts"]["version"] == "TLS 1.2"
    assert step(seen, "clientCertificate")["facts"]["presented"] == "CN=alice"


def test_another_key_share_is_asked_for(server, authority, tmp_path):
    port = server(authority.issue("localhost", usage=SERVER, names=["localhost"]), lambda context: context.set_ecdh_curve("secp384r1"))
    seen = inspect(port, "--ca", authority.file, state=tmp_path)
    facts = step(seen, "answered")["facts"]
    assert facts["group"] in ("P-384", "secp384r1") and "HelloRetryRequest" in facts["retry"]


def test_what_is_no_tls(tmp_path):
    seen = inspect(plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b[2J"), state=tmp_path, check=False)
    assert "does not speak TLS" in step(seen, "ended")["title"]
    assert "\x1b" not in json.dumps(seen, ensure_ascii=False)


def test_a_server_that_closes_at_once(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
    seen = inspect(listener.getsockname()[1], state=tmp_path, check=False)
    assert "closed the connection" in step(seen, "ended")["title"] or "does not take" in step(seen, "ended")["title"]
    listener.close()


def test_nobody_listens(tmp_path):
    seen = inspect(free_port(), state=tmp_path, check=False)
    assert "no connection" in step(seen, "ended")["title"] and "fix" in step(seen, "ended")["facts"]


def test_a_name_that_does_not_resolve(tmp_path):
    seen = inspect(443, state=tmp_path, check=False, host="does-not-exist.invalid")
    assert "cannot be resolved" in step(seen, "ended")["title"]


def test_the_picture(shared, authority, tmp_path):
    text = sallyport("cert", "inspect", f"localhost:{shared.port}", "--ca", authority.file, state=tmp_path, check=False).stdout
    for words in ("┬ name resolved", "├ connected to 127.0.0.1", "├ ClientHello sent", "├ ✔ trusted for localhost", "└ ✘ the server sent the alert"):
        assert words in text, text


# Names and files


def test_a_name_of_the_authority_and_its_revocation(tmp_path):
    sallyport("cert", "client", "alice", state=tmp_path)
    assert "CN=alice" in sallyport("cert", "inspect", "alice", state=tmp_path).stdout
    sallyport("cert", "revoke", "alice", "--yes", state=tmp_path)
    text = sallyport("cert", "inspect", "alice", state=tmp_path).stdout
    assert "revoked at 20" in text
    seen = json.loads(sallyport("cert", "inspect", tmp_path / "clients" / "alice.pem", "--json", state=tmp_path).stdout)
    assert seen[0]["revokedAt"] > 0


def test_what_is_neither(tmp_path):
    for subject in ("nobody", "../../etc/passwd", "localhost:0", "localhost:99999", "[::1"):
        done = sallyport("cert", "inspect", subject, state=tmp_path, check=False)
        assert done.returncode != 0 and not done.stdout and "error" in done.stderr, subject
