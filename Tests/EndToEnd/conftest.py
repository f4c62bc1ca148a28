import os
from pathlib import Path

import pytest

from certificates import SERVER, Authority
from clients import Client
from gateway import Gateway, free_port
from servers import Server


def pytest_collection_modifyitems(items):
    if os.environ.get("SALLYPORT_SLOW_TESTS") == "1":
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: set SALLYPORT_SLOW_TESTS=1"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The authority that the gateways of these tests trust under the name `test`."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def alice(authority):
    """(certificate file, key file) of a client that is allowed."""
    return files(authority.issue("alice", uris=["spiffe://test/alice"]))


@pytest.fixture(scope="session")
def bob(authority):
    """A client with a good certificate that is allowed nothing."""
    return files(authority.issue("bob"))


@pytest.fixture(scope="session")
def server_certificate(authority):
    return authority.issue("localhost", usage=SERVER, names=["localhost", "127.0.0.1", "api.test", "*.wild.test"])


def files(credential):
    return str(credential.certificate_file), str(credential.key_file)


class Edge:
    """A gateway in front of one upstream, with alice allowed everything."""

    def __init__(self, folder, authority, server_certificate, upstream=None, *, wait=True, arguments=(),
                 open_files=None, environment=None, **changes):
        self.upstream, self.port = upstream, free_port()
        self.configuration = {
            "version": 1,
            "pki": {"authorities": {"test": {"file": str(authority.file)}}},
            "tlsProfiles": {
                "edge": {"base": "intermediate", "clientCertificates": {"mode": "require", "trust": ["test"]}}},
            "identities": {"alice": {"commonName": "alice", "issuer": "test"}},
            "listeners": {
                "main": {
                    "address": f"127.0.0.1:{self.port}",
                    "tls": {
                        "profile": "edge", "certificate": str(server_certificate.certificate_file),
                        "key": f"file:{server_certificate.key_file}"}}},
            "routes": [{"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": upstream.url if upstream else
                        "http://127.0.0.1:9"}],
            "observability": {"accessLog": {"to": "file:access.log", "format": "json"}},
        }
        for path, value in changes.items():
            self.change(path, value)
        self.gateway = Gateway(folder, self.configuration, wait=wait, arguments=arguments, open_files=open_files,
                               environment=environment)

    def change(self, path, value):
        """Sets a section: `upstreams`, or `tlsProfiles__edge__base` for a key further down."""
        *above, last = path.split("__")
        place = self.configuration
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value

    def client(self, credential, **options):
        return Client(self.port, credential, **options)


@pytest.fixture
def serve():
    """Starts upstreams and ends them; an error inside one fails the test."""
    started = []

    def start(*arguments, **options):
        started.append(Server(*arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()
    for server in started:
        assert not server.errors, server.errors


@pytest.fixture
def edge(tmp_path, authority, server_certificate):
    """Starts gateways with changed configurations and ends them; a crash fails the test."""
    started = []

    def start(upstream=None, **changes):
        folder = tmp_path / f"gateway-{len(started)}"
        folder.mkdir()
        started.append(Edge(folder, authority, server_certificate, upstream, **changes))
        return started[-1]

    yield start
    for one in started:
        one.gateway.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, authority, server_certificate):
    """One gateway with one well-behaved upstream for all the cases of a module."""
    upstream = Server()
    edge = Edge(tmp_path_factory.mktemp("shared"), authority, server_certificate, upstream)
    yield edge
    edge.gateway.stop()
    upstream.close()
    assert not upstream.errors, upstream.errors


@pytest.fixture(autouse=True)
def alive(request):
    """Whatever a test of the shared gateway did, the gateway survives it and still answers."""
    if "shared" not in request.fixturenames:
        yield
        return
    edge, alice = request.getfixturevalue("shared"), request.getfixturevalue("alice")
    yield
    assert edge.gateway.alive, edge.gateway.output[-4000:]
    with edge.client(alice) as client:
        assert client.request().status == 200


EXAMPLES = Path(__file__).resolve().parent.parent.parent / "Examples"
