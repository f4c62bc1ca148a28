"""X25519MLKEM768 with other people's TLS, in and out: Go, OpenSSL 4 (in pyOpenSSL) and Chromium."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from OpenSSL import SSL

import golang
from certificates import SERVER
from conftest import files

HYBRID = "X25519MLKEM768"


@pytest.fixture(scope="module")
def tlspeer(tmp_path_factory):
    return golang.build(Path(__file__).parent / "go/tlspeer.go", tmp_path_factory.mktemp("go"))


def test_go_in(edge, serve, authority, alice, tlspeer):
    one = edge(serve())
    done = subprocess.run(
        [tlspeer, "client", f"127.0.0.1:{one.port}", "localhost", authority.file, *alice], capture_output=True, text=True,
        timeout=20)
    assert done.stdout == f"{HYBRID} HTTP/1.1 200 OK\n", done
    assert one.gateway.access_line(lambda line: True)["tls.group"] == HYBRID


@contextlib.contextmanager
def go_server(tlspeer, credential, authority):
    process = subprocess.Popen(
        [tlspeer, "server", *credential, authority.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=10)


def upstream(edge, authority, port, present):
    """A gateway in front of https://localhost:port that shows this certificate."""
    return edge(
        upstreams={"service": {"targets": [f"https://127.0.0.1:{port}"], "tls": {
            "trust": ["test"], "name": "localhost",
            "present": {"certificate": present[0], "key": f"file:{present[1]}"}}}},
        routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])


def test_go_out(edge, authority, alice, bob, server_certificate, tlspeer):
    with go_server(tlspeer, files(server_certificate), authority) as port:
        one = upstream(edge, authority, port, bob)
        with one.client(alice) as client:
            assert client.request().body == f"{HYBRID} from bob".encode()


def test_openssl_4_out(edge, authority, alice, bob, server_certificate):
    """pyOpenSSL as the server: what it agreed on with the gateway."""
    groups = []
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_chain_file(files(server_certificate)[0])
    context.use_privatekey_file(files(server_certificate)[1])

    def answer(listener):
        plain, _ = listener.accept()
        plain.setblocking(True)
        connection = SSL.Connection(context, plain)
        connection.set_accept_state()
        connection.do_handshake()
        groups.append(connection.get_group_name())
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        connection.shutdown()
        plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        one = upstream(edge, authority, listener.getsockname()[1], bob)
        with one.client(alice) as client:
            assert client.request().status == 200
        thread.join(timeout=10)
    assert groups == [HYBRID]


def test_chromium_in(edge, serve, tmp_path, server_certificate):
    """A listener that asks for no certificate, as a public site would: the browser needs none."""
    chromium = shutil.which("chromium")
    assert chromium, "install chromium"
    one = edge(
        serve(), tlsProfiles__edge__clientCertificates={"mode": "none", "because": "a browser without a certificate"},
        routes=[{"match": {"path": "/"}, "allow": "anyone", "because": "a test", "to": "http://127.0.0.1:9"}])
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--ignore-certificate-errors",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"https://localhost:{one.port}/"],
        capture_output=True, text=True, timeout=90, env={**os.environ, "HOME": str(tmp_path)})
    line = one.gateway.access_line(lambda line: line["url.path"] == "/")
    assert line["tls.group"] == HYBRID and line["tls.protocol.version"] == "TLSv1.3", line
