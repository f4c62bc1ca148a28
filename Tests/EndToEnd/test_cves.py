"""What went wrong in other gateways, tried here. docs/security-history.md tells each story."""

import contextlib
import socket
import ssl

import pytest
from cryptography import x509

from certificates import SERVER, Authority
from clients import Client, Closed, context_for
from conftest import files
from gateway import sallyport
from test_client_certificates import VERSIONS, connect, context_of
from test_handshake import record

NAMES = ["own.test", "open.test", "strict.test", "other.test", "a.wild.test", "strict.wild.test"]


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"), "Other Root")


@pytest.fixture
def hosts(edge, serve, authority, other):
    """A listener that asks nobody, and hosts under it that require a certificate."""
    server = authority.issue("hosts", usage=SERVER, names=NAMES)
    upstream = serve()

    def start(**changes):
        return edge(upstream, **{
            "pki__authorities__other": {"file": str(other.file)},
            "tlsProfiles": {
                "open": {"clientCertificates": {"mode": "none", "because": "this test"}},
                "optional": {"clientCertificates": {"mode": "optional", "trust": ["test"], "because": "this test"}},
                "strict": {"clientCertificates": {"mode": "require", "trust": ["test"]}},
                "other": {"clientCertificates": {"mode": "require", "trust": ["other"]}}},
            "listeners__main__tls": {
                "profile": "open", "certificate": str(server.certificate_file), "key": f"file:{server.key_file}",
                "hosts": {"strict.test": {"profile": "strict"}, "other.test": {"profile": "other"}}},
            "routes": [{"name": "all", "match": {"path": "/"}, "allow": "anyone", "because": "this test", "to": upstream.url}],
            **changes})
    return start


def served(port, server_name, context, *, session=None, host=None):
    """Whether a request is served: 200, or the code of the refusal, or None for no connection. And whether it was resumed."""
    try:
        with connect(port, context, server_name, session) as client:
            reply = client.request(host=host or server_name or "own.test")
            return (200 if reply.status == 200 else reply.code), client.socket.session_reused, client.socket.session
    except (OSError, Closed):
        return None, False, None


@pytest.mark.parametrize("version", VERSIONS)
def test_cve_2025_23419_a_session_of_one_host_opens_no_other(hosts, authority, other, version):
    """nginx: hosts on one port shared sessions, and a session of a host without client authentication, or with another
    authority, was good for one with."""
    one = hosts()
    anonymous, alice = context_of(None, version, ("http/1.1",)), context_of(files(authority.issue("alice")), version, ("http/1.1",))
    _, _, session = served(one.port, "own.test", anonymous)
    assert session
    assert served(one.port, "strict.test", anonymous, session=session)[0] is None
    answer, _, session = served(one.port, "strict.test", alice)
    assert answer == 200
    assert served(one.port, "other.test", alice, session=session)[0] is None
    # And the host itself takes its own session.
    assert served(one.port, "strict.test", alice, session=session)[:2] == (200, True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["expired", "of another authority", "self-made"])
def test_cve_2026_28755_a_refused_certificate_does_not_become_none(hosts, authority, other, version, kind):
    """nginx: the handshake succeeded though the client's certificate had been found bad, and optional verification let
    the client go on. Here a bad certificate is refused where none would have been let in."""
    from certificates import DAY, HOUR, now, self_signed
    credential = {
        "expired": lambda: authority.issue("alice", start=now() - 2 * DAY, end=now() - HOUR),
        "of another authority": lambda: other.issue("alice"), "self-made": lambda: self_signed(authority.folder, "alice")}[kind]()
    one = hosts(listeners__main__tls__profile="optional")
    assert served(one.port, "own.test", context_of(None, version, ("http/1.1",)))[0] == 200
    assert served(one.port, "own.test", context_of(files(credential), version, ("http/1.1",)))[0] is None


def test_cve_2026_28755_a_revoked_certificate_does_not_become_none(hosts):
    """The same for a certificate of the built-in authority that was revoked."""
    one = hosts(
        tlsProfiles={"open": {"clientCertificates": {"mode": "optional", "trust": ["local"], "because": "this test"}},
                     "strict": {}, "other": {}})
    one.gateway.command("cert", "client", "carol")
    carol = tuple(str(one.gateway.state / f"clients/carol.{kind}") for kind in ("pem", "key"))
    context = context_of(carol, ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    answer, _, session = served(one.port, "own.test", context)
    assert answer == 200
    one.gateway.command("cert", "revoke", "carol", "--yes")
    # The running gateway learns of it by the admin socket, at once.
    assert served(one.port, "own.test", context)[0] is None
    assert served(one.port, "own.test", context, session=session)[0] is None


def hello_for(server_name):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context_for().wrap_bio(incoming, outgoing, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return tls, incoming, outgoing


@pytest.mark.parametrize("piece", [1100, 300, 60, 30])
def test_cve_2026_32305_a_fragmented_client_hello_keeps_its_name(hosts, piece):
    """Traefik: a ClientHello in several records was taken for one without a name, and the default rules, which asked for
    no certificate, let it in."""
    one = hosts()
    mark = one.gateway.mark()
    tls, incoming, outgoing = hello_for("strict.test")
    hello = outgoing.read()[5:]
    with socket.create_connection(("127.0.0.1", one.port), timeout=10) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ssl.SSLError):
            for start in range(0, len(hello), piece):
                plain.sendall(record(hello[start:start + piece]))
            while True:
                data = plain.recv(65536)
                if not data:
                    break
                incoming.write(data)
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                    tls.write(b"GET / HTTP/1.1\r\nHost: strict.test\r\n\r\n")
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
                    answer = tls.read(65536)
                    assert not answer, answer
    line = one.gateway.logged("SP2001", since=mark)
    assert "strict.test" in line, line


@pytest.mark.parametrize("version", VERSIONS)
def test_ghsa_gv8r_9rw9_9697_a_session_does_not_outlive_its_rules(hosts, version):
    """Traefik: with session tickets, a client kept its way in after client authentication had been configured."""
    one = hosts()
    anonymous = context_of(None, version, ("http/1.1",))
    answer, _, session = served(one.port, "own.test", anonymous)
    assert answer == 200 and session
    one.configuration["listeners"]["main"]["tls"]["profile"] = "strict"
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    assert served(one.port, "own.test", anonymous, session=session)[0] is None


@pytest.mark.parametrize("version", VERSIONS)
def test_golang_77217_a_session_ends_with_the_authority(hosts, authority, other, version):
    """Go: a resumed session was good though the authority of its certificate was no longer trusted."""
    one = hosts()
    alice = context_of(files(authority.issue("alice")), version, ("http/1.1",))
    answer, _, session = served(one.port, "strict.test", alice)
    assert answer == 200 and session
    one.configuration["tlsProfiles"]["strict"]["clientCertificates"]["trust"] = ["other"]
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    assert served(one.port, "strict.test", alice, session=session)[0] is None
    assert served(one.port, "strict.test", alice)[0] is None


BROKEN = {"missing": None, "empty": b"", "cut": b"-----BEGIN CERTIFICATE-----\nMIIB", "a key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
          "not a CA file": b"clients may come\n"}


@pytest.mark.parametrize("kind", BROKEN)
def test_caddy_d42d39b4b_a_broken_trust_file_lets_nobody_in(hosts, authority, other, kind):
    """Caddy: an error while client authentication was set up was dropped, and the listener asked for no certificate."""
    one = hosts()
    path = one.gateway.folder / "clients.pem"
    if BROKEN[kind] is not None:
        path.write_bytes(BROKEN[kind])
    one.configuration["pki"]["authorities"]["test"]["file"] = str(path)
    one.gateway.write(one.configuration)
    # As a start: there is no gateway. As a reload: the one that runs goes on as it was.
    folder = one.gateway.folder / "second"
    folder.mkdir()
    done = sallyport("run", "-c", str(one.gateway.file), state=folder, check=False)
    assert done.returncode != 0 and "ready" not in done.stdout
    assert one.gateway.command("reload", check=False).returncode != 0
    anonymous = context_of(None, ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    assert served(one.port, "strict.test", anonymous)[0] is None
    alice = context_of(files(authority.issue("alice")), ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    assert served(one.port, "strict.test", alice)[0] == 200


@pytest.mark.parametrize("order", [1, -1])
def test_caddy_7860_a_wildcard_does_not_shadow_a_host(hosts, authority, order):
    """Caddy #7860, #7724: the first policy that matched won, so that a wildcard took away a host's client authentication."""
    rules = [("*.wild.test", {"profile": "open"}), ("strict.wild.test", {"profile": "strict"})][::order]
    one = hosts(listeners__main__tls__hosts=dict(rules))
    anonymous = context_of(None, ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    assert served(one.port, "a.wild.test", anonymous)[0] == 200
    assert served(one.port, "strict.wild.test", anonymous)[0] is None
    assert served(one.port, "a.wild.test", anonymous, host="strict.wild.test")[0] == "SP3004"
    alice = context_of(files(authority.issue("alice")), ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    assert served(one.port, "strict.wild.test", alice)[0] == 200


@pytest.mark.parametrize("server_name", [None, "own.test"])
def test_emissary_3340_the_host_field_is_no_way_round_the_handshake(hosts, server_name):
    """Emissary: client certificates were asked for by server name, and requests routed by Host."""
    one = hosts()
    anonymous = context_of(None, ssl.TLSVersion.TLSv1_3, ("http/1.1",))
    before = len(one.upstream.requests)
    for host in ("strict.test", "STRICT.test", "strict.test.", "strict.test:443", "other.test"):
        assert served(one.port, server_name, anonymous, host=host)[0] == "SP3004", host
    with connect(one.port, anonymous, server_name) as client:
        assert client.request(path="https://strict.test/", host="strict.test").code == "SP3004"
        # A target that says one thing and a Host field that says another are no request at all.
        assert client.request(path="https://own.test/", host="strict.test").status == 400
    assert len(one.upstream.requests) == before


ODD_NAMES = {
    "an address of three bytes": bytes.fromhex("30058703010203"), "an empty list": bytes.fromhex("3000"),
    "a length that is too large": bytes.fromhex("300a820f616c696365"), "nothing": b"", "an address of no bytes": bytes.fromhex("30028700"),
    "a name with a zero byte": bytes.fromhex("30098207616c6900636521"), "trailing bytes": bytes.fromhex("3007820561") + b"lice!" * 3,
    "another kind of value": bytes.fromhex("0c05616c696365"), "a list in a list": bytes.fromhex("3004300287ff"),
}


@pytest.mark.parametrize("kind", ODD_NAMES)
def test_swift_nio_ssl_d930168_odd_alternative_names_are_read_safely(shared, authority, kind):
    """swift-nio-ssl: alternative names of unexpected length were read out of bounds. The gateway answers or refuses, and lives."""
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), ODD_NAMES[kind])
    credential = authority.issue("mallory", extensions=[(extension, False)])
    with contextlib.suppress(OSError, Closed):
        with Client(shared.port, files(credential)) as client:
            assert client.request().status == 403
    good = files(authority.issue("alice"))
    with Client(shared.port, good) as client:
        assert client.request().status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_swift_nio_ssl_590_optional_verification_without_certificate(hosts, version):
    """swift-nio-ssl #590: a client without certificate ended the process where one was optional."""
    one = hosts(listeners__main__tls__profile="optional")
    context = context_of(None, version, ("http/1.1",))
    session = None
    for _ in range(3):
        answer, _, session = served(one.port, "own.test", context, session=session)
        assert answer == 200
    assert one.gateway.alive
