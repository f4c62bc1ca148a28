"""Every folder in Examples is started as its page says, on free ports, and probed."""

import shutil
import ssl
import subprocess

import pytest

from clients import Client, refused
from conftest import EXAMPLES
from gateway import Gateway, free_port, sallyport


class Examples:
    """Copies examples, moves their fixed ports to free ones, and starts them."""

    def __init__(self, folder):
        self.folder, self.started = folder, []

    def copy(self, name):
        shutil.copytree(EXAMPLES / name, self.folder / name)
        return self.folder / name

    def start(self, folder, upstream, upstream_port):
        """The gateway and the port that it listens on."""
        text, port = (folder / "sallyport.yaml").read_text(), free_port()
        for old, new in {"8443": port, upstream_port: upstream.port}.items():
            assert f":{old}" in text, f"{folder} has no port {old}"
            text = text.replace(f":{old}", f":{new}")
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
    tested = {"minimal", "two-identities", "mutual-tls-upstream"}
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
