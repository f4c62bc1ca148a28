"""Every folder in Examples is started as its page says, on free ports, and probed."""

import base64
import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from clients import Client, refused
from conftest import EXAMPLES
from gateway import Gateway, free_port, sallyport
from issuer import Issuer


class Examples:
    """Copies examples, moves their fixed ports to free ones, and starts them."""

    def __init__(self, folder):
        self.folder, self.started = folder, []

    def copy(self, name):
        """The folder of the copy. Its name is short since the path of a socket may not be long."""
        return Path(shutil.copytree(EXAMPLES / name, self.folder / "example"))

    def start(self, folder, upstream, upstream_port, others=()):
        """The gateway and the port that it listens on. `others` are more ports to move: (old, new)."""
        text, port = (folder / "sallyport.yaml").read_text(), free_port()
        for old, new in [("8443", port), (upstream_port, upstream.port), *others]:
            moved = re.sub(rf"(:\s?){old}\b", rf"\g<1>{new}", text)
            assert moved != text, f"{folder} has no port {old}"
            text = moved
        self.started.append(Gateway(folder, text))
        return self.started[-1], port


@pytest.fixture
def examples(tmp_path):
    found = Examples(tmp_path)
    yield found
    for one in found.started:
        one.stop()


def issued(gateway, name, *options):
    sallyport("cert", "client", name, *options, state=gateway.state)
    return str(gateway.state / f"clients/{name}.pem"), str(gateway.state / f"clients/{name}.key")


def test_every_example_is_tested():
    tested = {
        "minimal", "two-identities", "mutual-tls-upstream", "client-certificates-per-host", "certificates-for-workloads",
        "canary", "tokens-and-keys", "rate-limits"}
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == tested


def test_minimal(examples, serve):
    upstream = serve()
    gateway, port = examples.start(examples.copy("minimal"), upstream, "9000")
    with Client(port, issued(gateway, "alice")) as client:
        assert client.request().status == 200
    with Client(port, issued(gateway, "bob")) as client:
        assert client.request().code == "SP3001"
    assert refused(port)
    assert len(upstream.requests) == 1


def test_two_identities(examples, serve):
    upstream = serve()
    gateway, port = examples.start(examples.copy("two-identities"), upstream, "9000")
    web = issued(gateway, "web", "--uri", "spiffe://example.org/shop")
    books = issued(gateway, "books", "--uri", "spiffe://example.org/ledger/books")
    other = issued(gateway, "other", "--uri", "spiffe://example.org/ledgerbooks")
    with Client(port, web) as client:
        assert client.request(path="/orders/1").status == 200
        assert client.request("POST", "/orders/1", body=b"x").status == 200
        assert upstream.requests[-1].get("client-cert").startswith(":")
        assert client.request("DELETE", "/orders/1").code == "SP3005"
    with Client(port, books) as client:
        assert client.request(path="/orders/1").status == 200
        assert client.request("POST", "/orders/1", body=b"x").code == "SP3001"
    with Client(port, other) as client:
        assert client.request(path="/orders/1").code == "SP3001"
    assert len(upstream.requests) == 3


def test_canary(examples, serve):
    old, new = serve(), serve()
    gateway, port = examples.start(examples.copy("canary"), old, "9000", [("9001", new.port)])
    with Client(port, issued(gateway, "alice")) as client:
        assert [client.request().status for _ in range(200)] == [200] * 200
    assert len(old.requests) + len(new.requests) == 200
    assert 5 <= len(new.requests) <= 45


def test_rate_limits(examples, serve):
    gateway, port = examples.start(examples.copy("rate-limits"), serve(), "9000")
    with Client(port, issued(gateway, "alice")) as alice, Client(port, issued(gateway, "bob")) as bob:
        replies = [alice.request() for _ in range(8)]
        assert [reply.status for reply in replies[:5]] == [200] * 5
        assert replies[-1].status == 429 and replies[-1].get("retry-after") == "1"
        assert bob.request().status == 200


def test_mutual_tls_upstream(examples, serve):
    folder = examples.copy("mutual-tls-upstream")
    subprocess.run([folder / "make-pki"], check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pki/orders.pem", folder / "pki/orders.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "pki/internal-ca.pem")
    upstream = serve(tls=context)
    gateway, port = examples.start(folder, upstream, "9443")
    with Client(port, issued(gateway, "alice")) as client:
        assert client.request().status == 200
    request = upstream.requests[-1]
    assert request.get("client-cert") and "spiffe://" in request.get("x-forwarded-client-cert")


def test_client_certificates_per_host(examples, serve):
    upstream = serve()
    gateway, port = examples.start(examples.copy("client-certificates-per-host"), upstream, "9000")
    root, alice = str(gateway.state / "ca/root.pem"), issued(gateway, "alice")
    with Client(port, server_name="www.localhost", authority=root) as client:
        assert client.request(host="www.localhost").status == 200
        assert client.request(host="api.localhost").code == "SP3004"
    assert refused(port, server_name="api.localhost", authority=root)
    with Client(port, alice, server_name="api.localhost", authority=root) as client:
        assert client.request(host="api.localhost").status == 200
    with Client(port, issued(gateway, "bob"), server_name="api.localhost", authority=root) as client:
        assert client.request(host="api.localhost").code == "SP3001"
    assert len(upstream.requests) == 2


@pytest.fixture
def workloads(examples, serve):
    """The gateway of the example, its port, its folder and the port of the challenges."""
    folder, challenges = examples.copy("certificates-for-workloads"), free_port()
    key = folder / "ci.key"
    key.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode() + "\n")
    key.chmod(0o600)
    gateway, port = examples.start(folder, serve(), "9000", [("5002", challenges)])
    return gateway, port, folder, challenges


def test_certificates_for_workloads_by_token(workloads):
    gateway, port, folder, _ = workloads
    root = str(gateway.state / "ca/root.pem")
    token = json.loads(gateway.command("cert", "token", "shop", "--json").stdout)["token"]
    subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "shop.key",
         "-subj", "/", "-out", "shop.csr"], cwd=folder, check=True, capture_output=True)
    request = (folder / "shop.csr").read_bytes()

    def enrol(credential=None, fields=()):
        with Client(port, credential, authority=root) as client:
            reply = client.request("POST", "/enrol", body=request, fields=fields)
            assert reply.status == 201
            (folder / "shop.pem").write_bytes(reply.body)

    with Client(port, authority=root) as client:
        assert client.request().code == "SP3002"
    enrol(fields=(f"Authorization: Bearer {token}",))
    shop = str(folder / "shop.pem"), str(folder / "shop.key")
    enrol(credential=shop)
    with Client(port, shop, authority=root) as client:
        assert client.request().status == 200


def test_certificates_for_workloads_by_acme(workloads):
    gateway, port, folder, challenges = workloads
    root, home = str(gateway.state / "ca/root.pem"), folder / "certbot"
    done = subprocess.run(
        [Path(sys.executable).parent / "certbot", "certonly", "--standalone", "--http-01-port", str(challenges), "-d", "localhost",
         "--server", f"https://localhost:{port}/acme/directory", "--eab-kid", "ci",
         f"--eab-hmac-key={(folder / 'ci.key').read_text().strip()}", "--required-profile", "client", "--config-dir", home, "--work-dir", home,
         "--logs-dir", home, "--non-interactive", "--agree-tos", "--register-unsafely-without-email"],
        capture_output=True, text=True, timeout=50, env={**os.environ, "REQUESTS_CA_BUNDLE": root})
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{gateway.output[-3000:]}"
    live = home / "live/localhost"
    with Client(port, (str(live / "fullchain.pem"), str(live / "privkey.pem")), authority=root) as client:
        assert client.request().status == 200


def test_tokens_and_keys(examples, serve):
    upstream, issuer = serve(), Issuer()
    try:
        gateway, port = examples.start(
            examples.copy("tokens-and-keys"), upstream, "9000", [("8081", issuer.server.server_port)])
        key = sallyport("key", "create", "nightly", state=gateway.state).stdout.strip()
        gateway.wait_for("API keys read")
        with Client(port) as client:
            token = issuer.token(scope="orders:read")
            assert client.request(path="/orders/17", fields=[f"Authorization: Bearer {token}"]).status == 200
            assert client.request(path="/orders/17", fields=[f"Authorization: Bearer {issuer.token()}"]).code == "SP3001"
            assert client.request(path="/reports/today", fields=[f"X-API-Key: {key}"]).status == 200
            assert client.request("DELETE", "/reports/today", [f"X-API-Key: {key}"]).code == "SP3060"
            assert client.request().code == "SP3002"
        with Client(port, issued(gateway, "alice")) as client:
            assert client.request().status == 200
        for arguments, refusal in [(("DELETE", "/reports/today"), "SP3030"), (("GET", "/", "--as", "alice", "--from", "192.0.2.7"), "SP3061")]:
            done = sallyport("route", "test", *arguments, "-c", gateway.file, state=gateway.state, check=False)
            assert refusal in done.stdout, done.stdout
    finally:
        issuer.close()
