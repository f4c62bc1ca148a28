"""Certificates from an ACME server: pebble, and servers that misbehave."""

import socket
import ssl
import time

import pytest
from cryptography import x509

from acme_fake import FakeACME
from certificates import SERVER, pem
from gateway import Gateway, free_port
from pebble import MAC_KEY, Pebble, is_installed
from servers import Server

needs_pebble = pytest.mark.skipif(not is_installed(), reason="pebble is not installed: run dev/install test")
NAME = "www.example.test"


@pytest.fixture(scope="session")
def acme_certificate(authority):
    return authority.issue("acme", usage=SERVER, names=["localhost"])


@pytest.fixture
def started():
    """Things with `stop`, which are stopped last first."""
    things = []
    yield things
    for thing in reversed(things):
        thing.stop()


class Site:
    """A gateway that wants a certificate for some names, and its ports."""

    def __init__(self, folder, authority, challenge="http-01", names=(NAME,)):
        self.folder, self.authority = folder, authority
        self.http, self.https = free_port(), free_port()
        self.acme = {"email": "ops@example.org", "names": list(names), "challenge": challenge, "trust": ["test"], "agreeToTerms": True}
        self.upstream = Server()

    def start(self, started, directory, **changes):
        self.acme.update(directory=directory, **changes)
        configuration = {
            "version": 1,
            "pki": {"authorities": {"test": {"file": str(self.authority.file)}}},
            "tlsProfiles": {"site": {"clientCertificates": {"mode": "none", "because": "a test without clients"}}},
            "listeners": {
                "main": {"address": f"127.0.0.1:{self.https}", "tls": {"profile": "site", "acme": self.acme}},
                "plain": {"address": f"127.0.0.1:{self.http}", "redirectToHTTPS": True}},
            "routes": [{"name": "all", "match": {"path": "/"}, "allow": "anyone", "because": "a test", "to": self.upstream.url}],
        }
        self.gateway = Gateway(self.folder, configuration)
        started.append(self.gateway)
        return self.gateway

    def state(self):
        return self.gateway.status()["acme"][0]

    def wait_for(self, test, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if test(state := self.state()):
                return state
            time.sleep(0.1)
        raise AssertionError(f"status stayed {state}; log:\n{self.gateway.stderr.text[-4000:]}")

    def wait_valid(self):
        return self.wait_for(lambda state: state["state"] == "valid")

    def plain(self, path, name=NAME):
        """Status line and body of a request by plain HTTP."""
        with socket.create_connection(("127.0.0.1", self.http), 10) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            reply = b""
            while part := connection.recv(4096):
                reply += part
        head, _, body = reply.partition(b"\r\n\r\n")
        return head.split(b"\r\n")[0].decode(), body.decode()

    def offered(self, *protocols, name=NAME):
        """The certificate shown to somebody who offers these protocols and trusts everything."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(protocols)
        with socket.create_connection(("127.0.0.1", self.https), 10) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True)), secure.recv(1)

    def leaf(self, root, name=NAME):
        """The certificate that a client sees that trusts only this root."""
        context = ssl.create_default_context(cadata=root)
        with socket.create_connection(("127.0.0.1", self.https), 10) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                secure.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                assert secure.recv(64).startswith(b"HTTP/1.1 200")
                return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True))


@pytest.fixture
def site(tmp_path, authority):
    folder = tmp_path / "gateway"
    folder.mkdir()
    made = []

    def make(**options):
        made.append(Site(folder, authority, **options))
        return made[-1]

    yield make
    for one in made:
        one.upstream.close()


@pytest.fixture
def pebble(tmp_path, acme_certificate, started):
    def start(site, **options):
        started.append(Pebble(tmp_path, acme_certificate, site.http, site.https, **options))
        return started[-1]

    return start


@needs_pebble
@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_a_certificate_is_obtained_and_shown(site, pebble, started, challenge):
    one = site(challenge=challenge, names=[NAME, "api.example.test"])
    server = pebble(one)
    one.start(started, server.directory)
    state = one.wait_valid()
    assert "lastError" not in state
    root = server.root()
    for name in (NAME, "api.example.test"):
        leaf = one.leaf(root, name)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(names.get_values_for_type(x509.DNSName)) == {NAME, "api.example.test"}


@needs_pebble
def test_half_of_the_nonces_are_refused(site, pebble, started):
    one = site()
    server = pebble(one, nonce_reject=50)
    one.start(started, server.directory)
    one.wait_valid()


@needs_pebble
def test_an_external_account_is_bound(site, pebble, started):
    one = site()
    server = pebble(one, external=True)
    secret = one.folder / "mac.key"
    secret.write_text(MAC_KEY + "\n")
    one.start(started, server.directory, externalAccount={"keyID": "kid-1", "key": f"file:{secret}"})
    one.wait_valid()
    assert MAC_KEY not in one.gateway.output


@needs_pebble
def test_without_the_external_account_there_is_none(site, pebble, started):
    one = site()
    server = pebble(one, external=True)
    one.start(started, server.directory)
    state = one.wait_for(lambda state: "lastError" in state)
    assert state["state"] == "waiting" and state["lastError"].startswith("SP2719")


@needs_pebble
def test_what_is_issued_survives_a_restart_and_is_not_ordered_again(site, pebble, started):
    one = site()
    server = pebble(one)
    one.start(started, server.directory)
    one.wait_valid()
    root = server.root()
    serial = one.leaf(root).serial_number
    one.gateway.stop()
    server.stop()
    one.start(started, server.directory)
    assert one.leaf(root).serial_number == serial
    assert one.state()["state"] == "valid"
    for file in (one.folder / "state" / "acme").rglob("*"):
        if file.is_file():
            assert file.stat().st_mode & 0o777 == 0o600, file


@needs_pebble
@pytest.mark.timeout(150)
def test_a_certificate_is_renewed_in_time(site, pebble, started):
    one = site()
    server = pebble(one, lifetime=24)
    one.start(started, server.directory)
    one.wait_valid()
    one.gateway.wait_for(r"(?s)certificate issued by ACME.*certificate issued by ACME", timeout=60)
    assert one.state()["state"] in ("valid", "ordering")


@needs_pebble
@pytest.mark.timeout(200)
def test_what_is_good_is_kept_while_the_server_is_down_and_no_longer(site, pebble, started):
    one = site()
    server = pebble(one, lifetime=60)
    one.start(started, server.directory)
    one.wait_valid()
    root = server.root()
    serial = one.leaf(root).serial_number
    server.stop()
    # At two thirds of its life nobody answers: what is good goes on, and the operator is told.
    state = one.wait_for(lambda state: "lastError" in state)
    assert state["lastError"].startswith("SP2701") and state["state"] in ("valid", "ordering")
    assert one.leaf(root).serial_number == serial
    # Out of date it is not shown any more.
    one.wait_for(lambda state: state["state"] == "expired", timeout=90)
    one.gateway.wait_for("certificate from ACME has expired")
    wait_until(lambda: refusal(one) == "HANDSHAKE_FAILURE")
    one.gateway.logged("SP2722")


def refusal(one):
    """The alert that a client gets that trusts everything; nothing when it is served."""
    try:
        one.offered("http/1.1")
    except ssl.SSLError as error:
        return error.reason.removeprefix("SSLV3_ALERT_").removeprefix("TLSV1_ALERT_")
    except TimeoutError:
        # It was let in, and both sides wait for a request.
        return None
    return None


@needs_pebble
def test_a_new_account_is_opened_when_the_server_has_forgotten_the_old_one(site, pebble, started):
    """pebble forgets everything when it is started anew."""
    one = site()
    server = pebble(one)
    one.start(started, server.directory)
    one.wait_valid()
    one.gateway.stop()
    server.stop()
    for file in (one.folder / "state" / "acme" / "certificates").iterdir():
        file.unlink()
    server.start()
    one.start(started, server.directory)
    one.wait_valid()
    one.leaf(server.root())


@pytest.fixture
def fake(tmp_path, started):
    def start(**options):
        folder = tmp_path / f"fake-{len(started)}"
        folder.mkdir()
        started.append(FakeACME(folder, **options))
        return started[-1]

    return start


def wait_until(test, timeout=30):
    deadline = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def test_while_a_challenge_is_pending_only_its_token_is_answered(site, fake, started):
    one, server = site(), fake(hold=True)
    one.start(started, server.directory)
    wait_until(lambda: server.asked("/challenge/"))
    prefix, token = "/.well-known/acme-challenge/", f"token-{NAME.replace('.', '-')}"
    status, body = one.plain(prefix + token)
    assert status == "HTTP/1.1 200 OK" and body.startswith(token + ".")
    for other in ("", "token", token + "x", token + "/", "..%2f" + token, token + "%00"):
        assert " 200 " not in one.plain(prefix + other)[0]
    # Everybody else is told nothing and refused, and the log says why.
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        one.offered("http/1.1")
    one.gateway.logged("SP2722")
    assert one.state()["state"] == "ordering"
    server.hold = False
    one.wait_valid()
    wait_until(lambda: " 308 " in one.plain(prefix + token)[0])


def test_while_a_handshake_is_pending_only_the_acme_protocol_gets_its_certificate(site, fake, started):
    one, server = site(challenge="tls-alpn-01"), fake(hold=True)
    one.start(started, server.directory)
    wait_until(lambda: server.asked("/challenge/"))
    leaf, rest = one.offered("acme-tls/1")
    assert rest == b"", "the connection ends after the handshake"
    assert leaf.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")).critical
    for protocols in (("acme-tls/1", "http/1.1"), ("http/1.1", "acme-tls/1")):
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            one.offered(*protocols)
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        one.offered("acme-tls/1", name="other.example.test")
    one.gateway.logged("SP2723")
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        one.offered("http/1.1")
    server.hold = False
    one.wait_valid()
    assert one.leaf(pem(server.authority.certificate).decode())
    # Nothing is pending any more.
    with pytest.raises(ssl.SSLError):
        one.offered("acme-tls/1")


def test_an_order_is_gone_on_with_after_a_crash(site, fake, started):
    one, server = site(), fake(hold=True)
    one.start(started, server.directory)
    wait_until(lambda: server.asked("/challenge/"))
    one.gateway.process.kill()
    one.gateway.wait()
    one.gateway.process.returncode = 0
    server.hold = False
    one.start(started, server.directory)
    one.wait_valid()
    assert len(server.asked("/newOrder")) == 1 and len(server.asked("/newAccount")) == 1


def test_the_server_says_when_to_renew(site, fake, started):
    """Renewal information (RFC 9773): a window that is over means now, and the new order names the old certificate."""
    one, server = site(), fake(window=(-7200, -3600), lifetime=30)
    one.start(started, server.directory)
    one.gateway.wait_for(r"(?s)certificate issued by ACME.*certificate issued by ACME", timeout=60)
    first, second = server.asked("/newOrder")[:2]
    assert "replaces" not in first
    issuer, serial = second["replaces"].split(".")
    assert server.asked(f"/renewal/{issuer}.{serial}") == [None]


def test_a_profile_is_asked_for(site, fake, started):
    one, server = site(), fake(meta={"profiles": {"shortlived": "six days"}})
    one.start(started, server.directory, profile="shortlived")
    one.wait_valid()
    (shown,) = one.gateway.status()["certificates"]
    assert shown["renewsItself"]
    assert server.asked("/newOrder")[0]["profile"] == "shortlived"


def test_a_profile_that_the_server_lacks_is_told(site, fake, started):
    one, server = site(), fake(meta={"profiles": {"classic": "ninety days"}})
    one.start(started, server.directory, profile="shortlived")
    state = one.wait_for(lambda state: "lastError" in state)
    assert "SP2720" in state["lastError"] and "classic" in state["lastError"]
    assert server.asked("/newOrder") == []


def test_a_limit_is_kept(site, fake, started):
    def limited(_):
        body = b'{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}'
        return 429, {"retry-after": "86400", "content-type": "application/problem+json"}, body

    one, server = site(), fake(answers={"/newOrder": limited})
    one.start(started, server.directory)
    state = one.wait_for(lambda state: "lastError" in state)
    assert "SP2712" in state["lastError"] and state["nextAttempt"] > time.time() + 80000
    one.gateway.stop()
    one.start(started, server.directory)
    one.gateway.command("reload")
    assert one.state()["nextAttempt"] > time.time() + 80000
    assert len(server.asked("/newOrder")) == 1


GARBAGE = {
    "html": ("/dir", b"<html>"), "huge": ("/dir", b'{"a":"' + b"x" * 10_000_000 + b'"}'), "deep": ("/dir", b"[" * 60000),
    "not UTF-8": ("/dir", b'{"newNonce":"\xff"}'), "a file": ("/dir", b'{"newNonce":"file:///etc/passwd"}'),
    "no order": ("/newOrder", b"{}"), "a huge order": ("/newOrder", b"[" + b"1," * 5_000_000 + b"1]"),
    "no authorization": ("/authorization/0", b"{}"), "no certificate": ("/certificate", b"hello"),
    "a huge certificate": ("/certificate", b"-----BEGIN CERTIFICATE-----\n" + b"A" * 5_000_000),
    "a redirect": ("/dir", lambda _: (302, {"location": "file:///etc/passwd"}, b"")),
    "a loop": ("/dir", lambda _: (302, {"location": "/dir"}, b"")),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_bounded_and_told(site, fake, started, kind):
    path, answer = GARBAGE[kind]
    one, server = site(), fake(answers={path: answer})
    one.start(started, server.directory)
    state = one.wait_for(lambda state: "lastError" in state)
    assert state["state"] == "waiting" and len(state["lastError"]) < 600
    assert state["nextAttempt"] > time.time()
    assert one.gateway.alive and one.gateway.resident_bytes() < 400 << 20


def test_nobody_there_at_the_start(site, started):
    one = site()
    one.start(started, f"http://127.0.0.1:{free_port()}/dir")
    state = one.wait_for(lambda state: "lastError" in state)
    assert state["lastError"].startswith("SP2701") and state["state"] == "waiting"
    assert "SP2701" in one.gateway.command("status").stdout
    assert one.plain("/")[0].startswith("HTTP/1.1 308")
