"""Who gets in where: every server name with every host, route and certificate, in fresh and in resumed sessions.

What is expected comes from a second, shorter statement of the rules in this file: `Rules`."""

import contextlib
import dataclasses
import socket
import ssl

import pytest

from certificates import SERVER, Authority
from clients import Client, Closed, context_for
from conftest import files

# Server name: the policy that it is under. Everything else is under the listener's own.
POLICIES = {"open.test": "none", "strict.test": "require", "foreign.test": "foreign", "deep.wild.test": "require"}
WILDCARD = ("wild.test", "none")
CERTIFICATE_NAMES = ["own.test", "twin.test", "open.test", "strict.test", "foreign.test", "*.wild.test"]
SERVER_NAMES = [None, "own.test", "twin.test", "open.test", "strict.test", "foreign.test", "deep.wild.test", "a.wild.test"]
HOSTS = [*SERVER_NAMES[1:], "outside.test"]
# Policy: (mode, the authority that it trusts).
MODES = {"own": ("optional", "test"), "none": ("none", None), "require": ("require", "test"), "foreign": ("require", "foreign")}
CERTIFICATES = ["nothing", "alice", "bob", "stranger"]
ROUTES = ["/anyone", "/known", "/alice"]


@dataclasses.dataclass(frozen=True)
class Person:
    issuer: str | None = None
    name: str | None = None


WHO = {"nothing": Person(), "alice": Person("test", "alice"), "bob": Person("test", "bob"), "stranger": Person("foreign", "alice")}


class Rules:
    """What has to happen, from the table in docs/client-certificates.md."""

    @staticmethod
    def policy(name):
        if name in POLICIES:
            return POLICIES[name]
        first, _, rest = (name or "").partition(".")
        return WILDCARD[1] if first and rest == WILDCARD[0] else "own"

    @staticmethod
    def bears(name):
        return name in CERTIFICATE_NAMES or "*." + name.partition(".")[2] in CERTIFICATE_NAMES

    @classmethod
    def identity(cls, server_name, certificate):
        """Who the client is after the handshake; None for nobody, and False when there is no handshake."""
        mode, trust = MODES[cls.policy(server_name)]
        who = WHO[certificate]
        if mode == "none" or who.issuer is None and mode == "optional":
            return None
        return who if who.issuer == trust else False

    @classmethod
    def answer(cls, server_name, host, route, certificate):
        identity = cls.identity(server_name, certificate)
        assert identity is not False
        if cls.policy(host) != cls.policy(server_name):
            return "SP3004"
        if server_name is not None and host != server_name and not cls.bears(host):
            return "SP3004"
        if route == "/known" and identity is None:
            return "SP3010"
        if route == "/alice" and identity is None:
            return "SP3002"
        if route == "/alice" and (identity.issuer, identity.name) != ("test", "alice"):
            return "SP3001"
        return 200


# The protocols that a request can be made with. HTTP/2 is one more class here.


class HTTP1:
    alpn = ("http/1.1",)
    # How the host can be spelt: Host field, with port, rooted, in capitals, and as absolute target.
    spellings = ["plain", "port", "rooted", "capitals", "absolute"]

    def __init__(self, client):
        self.client = client

    def request(self, host, path, spelling="plain"):
        """The status if it is 200, else the code of the refusal."""
        shown = {"plain": host, "port": f"{host}:443", "rooted": f"{host}.", "capitals": host.upper(), "absolute": host}[spelling]
        target = f"https://{host}{path}" if spelling == "absolute" else path
        reply = self.client.request(path=target, host=shown)
        return reply.status if reply.status == 200 else reply.code


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("foreign"), "Foreign Root")


@pytest.fixture(scope="module")
def credentials(authority, foreign):
    return {
        "nothing": None, "alice": files(authority.issue("alice")), "bob": files(authority.issue("bob")),
        "stranger": files(foreign.issue("alice"))}


def rules_of(foreign, server, resumption="reauthorize"):
    """The changes that make `Edge` a gateway with all policies."""
    def clients(mode, trust=None):
        weak = {} if mode == "require" else {"because": "this test"}
        return {"clientCertificates": {"mode": mode, "resumption": resumption, **({"trust": [trust]} if trust else {}), **weak}}

    def route(path, **demands):
        return {"name": path[1:], "match": {"path": path}, "to": "upstream", **demands}
    return {
        "pki__authorities__foreign": {"file": str(foreign.file)},
        "tlsProfiles": {name: clients(mode, trust) for name, (mode, trust) in MODES.items()},
        "listeners__main__tls": {
            "profile": "own", "certificate": str(server.certificate_file), "key": f"file:{server.key_file}",
            # The wildcard stands first: the order must not matter.
            "hosts": {f"*.{WILDCARD[0]}": {"profile": WILDCARD[1]}, **{name: {"profile": one} for name, one in POLICIES.items()}}},
        "routes": [
            route("/anyone", allow="anyone", because="this test"),
            route("/known", allow="anyone", because="this test", clientCertificate="require"),
            route("/alice", allow=["alice"])],
    }


@pytest.fixture(scope="module")
def hosts(tmp_path_factory, authority, foreign):
    """One gateway with all policies, for the whole table."""
    from conftest import Edge
    from servers import Server
    server = authority.issue("own", usage=SERVER, names=CERTIFICATE_NAMES)
    upstream = Server()
    one = Edge(
        tmp_path_factory.mktemp("hosts"), authority, server, upstream,
        upstreams={"upstream": {"targets": [upstream.url]}}, **rules_of(foreign, server))
    yield one
    one.gateway.stop()
    upstream.close()


def connect(port, context, server_name, session=None):
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = Client.__new__(Client)
    client.buffer = b""
    try:
        client.socket = context.wrap_socket(plain, server_hostname=server_name, session=session)
    except BaseException:
        plain.close()
        raise
    return client


def context_of(credential, version, alpn):
    context = context_for(credential, alpn=alpn)
    context.minimum_version = context.maximum_version = version
    return context


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("protocol", [HTTP1])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("server_name", SERVER_NAMES)
def test_the_table(hosts, credentials, server_name, certificate, version, protocol):
    """Fresh and resumed: each host and route is answered as the rules say, or there is no handshake at all."""
    context = context_of(credentials[certificate], version, protocol.alpn)
    expects_handshake = Rules.identity(server_name, certificate) is not False
    session = None
    for resumed in (False, True):
        try:
            with connect(hosts.port, context, server_name, session) as client:
                speaks = protocol(client)
                for host in HOSTS:
                    for route in ROUTES:
                        answer = speaks.request(host, route)
                        assert expects_handshake, f"{certificate} got {answer} under {server_name}"
                        assert answer == Rules.answer(server_name, host, route, certificate), (host, route, resumed)
                assert client.socket.session_reused == resumed
                session = client.socket.session
        except (OSError, Closed):
            assert not expects_handshake, f"{certificate} did not get in under {server_name}, resumed: {resumed}"
            return
    assert expects_handshake


@pytest.mark.parametrize("protocol", [HTTP1])
@pytest.mark.parametrize("server_name", SERVER_NAMES)
def test_no_spelling_of_a_host_is_a_way_round(hosts, credentials, server_name, protocol):
    certificate = "stranger" if server_name == "foreign.test" else "alice"
    context = context_of(credentials[certificate], ssl.TLSVersion.TLSv1_3, protocol.alpn)
    with connect(hosts.port, context, server_name) as client:
        for host in HOSTS:
            for spelling in protocol.spellings:
                expected = Rules.answer(server_name, host, "/anyone", certificate)
                assert protocol(client).request(host, "/anyone", spelling) == expected, (host, spelling)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("certificate", ["nothing", "alice", "stranger"])
def test_no_session_goes_from_one_policy_to_another(hosts, credentials, certificate, version):
    """A session of each name is brought along to each name under other rules: it counts for nothing there."""
    tried = 0
    for origin in SERVER_NAMES:
        if Rules.identity(origin, certificate) is False:
            continue
        context = context_of(credentials[certificate], version, ("http/1.1",))
        with connect(hosts.port, context, origin) as client:
            client.request(host=origin or "own.test", path="/anyone")
            session = client.socket.session
        for target in SERVER_NAMES:
            if Rules.policy(origin) == Rules.policy(target):
                continue
            tried += 1
            expected = Rules.identity(target, certificate)
            try:
                with connect(hosts.port, context, target, session) as client:
                    answer = HTTP1(client).request(target or "own.test", "/known")
                    assert expected is not False, (origin, target, answer)
                    assert not client.socket.session_reused, (origin, target)
                    assert answer == Rules.answer(target, target or "own.test", "/known", certificate), (origin, target)
            except (OSError, Closed):
                assert expected is False, (origin, target)
    assert tried > 10


def test_resumption_none_gives_and_takes_no_session(tmp_path, authority, foreign, credentials, edge, serve):
    server = authority.issue("own", usage=SERVER, names=CERTIFICATE_NAMES)
    upstream = serve()
    one = edge(upstream, upstreams={"upstream": {"targets": [upstream.url]}}, **rules_of(foreign, server, resumption="none"))
    for version in VERSIONS:
        context = context_of(credentials["alice"], version, ("http/1.1",))
        session = None
        for _ in range(3):
            with connect(one.port, context, "strict.test", session) as client:
                assert HTTP1(client).request("strict.test", "/alice") == 200
                assert not client.socket.session_reused
                session = client.socket.session


def test_a_reload_changes_the_rules_of_open_connections_and_sessions(authority, foreign, credentials, edge, serve):
    """Let in without certificate, then the host begins to require one: neither connection nor session goes on."""
    server = authority.issue("own", usage=SERVER, names=CERTIFICATE_NAMES)
    upstream = serve()
    one = edge(upstream, upstreams={"upstream": {"targets": [upstream.url]}}, **rules_of(foreign, server))
    context = context_of(None, ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    with connect(one.port, context, "open.test") as client:
        assert HTTP1(client).request("open.test", "/anyone") == 200
        session = client.socket.session
        one.configuration["listeners"]["main"]["tls"]["hosts"]["open.test"]["profile"] = "require"
        one.gateway.write(one.configuration)
        one.gateway.command("reload")
        assert HTTP1(client).request("open.test", "/anyone") in ("SP3002", "SP3010")
    with contextlib.suppress(OSError, Closed):
        with connect(one.port, context, "open.test", session) as client:
            assert HTTP1(client).request("open.test", "/anyone") is None, "the session got in"


def test_without_server_name_can_be_refused(authority, foreign, credentials, edge, serve):
    server = authority.issue("own", usage=SERVER, names=CERTIFICATE_NAMES)
    upstream = serve()
    one = edge(upstream, upstreams={"upstream": {"targets": [upstream.url]}}, **rules_of(foreign, server),
               listeners__main__tls__withoutServerName="refuse")
    context = context_of(credentials["alice"], ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    with connect(one.port, context, "own.test") as client:
        assert HTTP1(client).request("own.test", "/alice") == 200
    with pytest.raises((OSError, Closed)):
        with connect(one.port, context, None) as client:
            client.request(host="own.test", path="/alice")


def test_the_certificate_is_chosen_by_name_and_by_what_the_client_verifies(authority, edge, serve, tmp_path):
    """An ECDSA and an RSA certificate for one name, and another name of its own."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    ecdsa = authority.issue("pair-ec", usage=SERVER, names=["pair.test"])
    with_rsa = authority.issue(
        "pair-rsa", usage=SERVER, names=["pair.test"], key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    other = authority.issue("other", usage=SERVER, names=["other.test"])

    def pair(credential):
        return {"certificate": str(credential.certificate_file), "key": f"file:{credential.key_file}"}
    one = edge(serve(), listeners__main__tls={"profile": "edge", **pair(ecdsa), "certificates": [pair(with_rsa), pair(other)]})
    shown = {}
    for name, algorithms in (("pair.test", "ecdsa_secp256r1_sha256"), ("pair.test", "rsa_pss_rsae_sha256"),
                             ("other.test", "ecdsa_secp256r1_sha256")):
        shown[name, algorithms] = certificate_shown(one.port, name, algorithms)
    assert shown == {
        ("pair.test", "ecdsa_secp256r1_sha256"): "pair-ec", ("pair.test", "rsa_pss_rsae_sha256"): "pair-rsa",
        ("other.test", "ecdsa_secp256r1_sha256"): "other"}


def certificate_shown(port, server_name, algorithms):
    import subprocess
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", server_name, "-sigalgs", algorithms, "-tls1_3"],
        input=b"", capture_output=True, timeout=20)
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith("subject="):
            return line.rpartition("CN")[2].strip(" =")
    return None
