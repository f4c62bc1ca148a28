"""Workloads get certificates from the built-in authority: by ACME with clients of other people, and by enrolment."""

import base64
import concurrent.futures
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from clients import Client, Closed, refused
from gateway import Gateway, free_port
from http2_client import HTTP2Client

BIN = Path(sys.executable).parent


class Issuer:
    """A gateway with one listener for newcomers and one behind mutual TLS, and an upstream."""

    def __init__(self, folder, upstream, *, names=("localhost",), usages=("server", "client"), **changes):
        self.port, self.strict = free_port(), free_port()
        self.http, self.tls = free_port(), free_port()
        self.key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        key_file = folder / "ci.key"
        key_file.write_text(self.key + "\n")
        key_file.chmod(0o600)
        self.configuration = {
            "version": 1,
            "tlsProfiles": {"newcomers": {
                "clientCertificates": {"mode": "optional", "because": "they have no certificate yet"}}},
            "listeners": {
                "issue": {
                    "address": f"127.0.0.1:{self.port}", "tls": {"profile": "newcomers", "names": ["localhost"]}},
                "main": {"address": f"127.0.0.1:{self.strict}", "tls": {"names": ["localhost"]}}},
            "pki": {
                "acme": {
                    "listener": "issue",
                    "validation": {
                        "networks": ["127.0.0.0/8", "::1/128"], "httpPort": self.http, "tlsPort": self.tls,
                        "because": "the test's workloads run here"},
                    "externalAccounts": {"ci": {
                        "macKey": f"file:{key_file}", "names": list(names), "usages": list(usages), "lifetime": "1h"}}},
                "enrolment": {"listener": "issue", "renew": ["shop"], "lifetime": "2h"}},
            "routes": [{"listener": "main", "match": {"path": "/"}, "allow": ["ci", "shop"], "to": upstream.url}],
            "observability": {"accessLog": {"to": "file:access.log", "format": "json"}},
        }
        for path, value in changes.items():
            *above, last = path.split("__")
            place = self.configuration
            for name in above:
                place = place[name]
            place[last] = value
        self.folder = folder
        self.gateway = Gateway(folder, self.configuration)

    @property
    def directory(self):
        return f"https://localhost:{self.port}/acme/directory"

    @property
    def root(self):
        return str(self.gateway.state / "ca/root.pem")

    def certbot(self, *arguments, check=True):
        home = self.folder / "certbot"
        command = [
            str(BIN / "certbot"), *arguments, "--config-dir", str(home / "config"), "--work-dir", str(home / "work"),
            "--logs-dir", str(home / "logs"), "--non-interactive", "--server", self.directory]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=100,
            env={**os.environ, "REQUESTS_CA_BUNDLE": self.root})
        assert not check or done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.gateway.output[-3000:]}"
        return done

    def order(self, *arguments, check=True, key=None):
        return self.certbot(
            "certonly", "--standalone", "--preferred-challenges", "http", "--http-01-port", str(self.http), "-d",
            "localhost", "--agree-tos", "--register-unsafely-without-email", "--eab-kid", "ci",
            f"--eab-hmac-key={key or self.key}", *arguments, check=check)

    def live(self, name="localhost"):
        folder = self.folder / f"certbot/config/live/{name}"
        return str(folder / "fullchain.pem"), str(folder / "privkey.pem")

    def post(self, path, body, *, credential=None, fields=()):
        with Client(self.port, credential, authority=self.root) as client:
            return client.request("POST", path, body=body, fields=fields)


@pytest.fixture
def issuer(tmp_path, serve):
    started = []

    def start(**changes):
        started.append(Issuer(tmp_path, serve(), **changes))
        return started[-1]

    yield start
    for one in started:
        one.gateway.stop()


def leaf(pem):
    return x509.load_pem_x509_certificates(pem if isinstance(pem, bytes) else Path(pem).read_bytes())[0]


def request(*names, common_name=None, extension=None):
    """(key, PEM) of a certificate request."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    if extension:
        builder = builder.add_extension(extension, critical=True)
    return key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_certbot_gets_a_client_certificate_that_opens_the_gateway(issuer):
    one = issuer()
    one.order("--required-profile", "client")
    certificate = leaf(one.live()[0])
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with Client(one.strict, one.live(), authority=one.root) as client:
        assert client.request().status == 200
    assert one.gateway.access_line(lambda line: line.get("http.response.status_code") == 200 and "ci" in str(line))


def test_certbot_gets_renews_and_revokes_a_server_certificate(issuer):
    one = issuer()
    one.order()
    first = leaf(one.live()[0])
    names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert (first.not_valid_after_utc - first.not_valid_before_utc).total_seconds() <= 3600 + 300
    one.certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    second = leaf(one.live()[0])
    assert second.serial_number != first.serial_number
    one.certbot("revoke", "--cert-path", one.live()[0], "--no-delete-after-revoke")
    listed = json.loads(one.gateway.command("cert", "list", "--json").stdout)
    revoked = [entry for entry in listed if int(entry["serial"], 16) == second.serial_number]
    assert revoked and revoked[0]["revokedAt"]


def test_a_wrong_key_and_a_foreign_name_are_refused(issuer):
    one = issuer(names=("web.example.org",))
    wrong = one.order(key=base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode(), check=False)
    assert wrong.returncode != 0 and "external account binding is not good" in wrong.stderr
    foreign = one.order(check=False)
    assert foreign.returncode != 0 and "does not get this name" in foreign.stderr


def test_a_name_outside_of_the_networks_is_not_asked(issuer):
    one = issuer(pki__acme__validation={"networks": ["10.99.0.0/16"], "httpPort": 1})
    done = one.order(check=False)
    assert done.returncode != 0
    assert one.gateway.logged("rejectedIdentifier", timeout=20)


def test_accounts_and_orders_survive_a_restart(issuer):
    one = issuer()
    one.order()
    one.gateway.stop()
    one.gateway = Gateway(one.folder, one.configuration)
    one.certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    assert len(list((one.gateway.state / "acme-server/accounts").iterdir())) == 1
    assert len(list((one.gateway.state / "acme-server/orders").iterdir())) == 2


def test_a_revoked_client_is_cut(issuer):
    one = issuer()
    one.order("--required-profile", "client")
    with Client(one.strict, one.live(), authority=one.root) as client:
        assert client.request().status == 200
        one.certbot("revoke", "--cert-path", one.live()[0], "--no-delete-after-revoke")
        assert client.is_closed(timeout=30)
    assert refused(one.strict, one.live(), authority=one.root)


CADDYFILE = """
{{
    admin off
    storage file_system {folder}/caddy
    http_port {http}
    https_port {tls}
    acme_ca {directory}
    acme_ca_root {root}
    acme_eab {{
        key_id ci
        mac_key {key}
    }}
    skip_install_trust
}}
localhost {{
    tls {{
        issuer acme {{
            {disabled}
        }}
    }}
    respond "behind caddy"
}}
"""


@pytest.mark.parametrize("disabled", ["disable_tlsalpn_challenge", "disable_http_challenge"])
def test_caddy_gets_a_server_certificate(issuer, disabled):
    one = issuer()
    file = one.folder / "Caddyfile"
    file.write_text(CADDYFILE.format(
        folder=one.folder, http=one.http, tls=one.tls, directory=one.directory, root=one.root, key=one.key,
        disabled=disabled))
    log = open(one.folder / "caddy.log", "w")
    caddy = subprocess.Popen(
        [str(BIN / "caddy"), "run", "--config", str(file)], stdout=log, stderr=log,
        env={**os.environ, "HOME": str(one.folder)})
    try:
        one.gateway.wait_for("certificate issued", timeout=60)
        reply = eventually(lambda: fetched(one))
        assert reply.status == 200 and reply.body == b"behind caddy"
    except AssertionError as error:
        raise AssertionError((one.folder / "caddy.log").read_text()[-3000:]) from error
    finally:
        caddy.terminate()
        caddy.wait(20)
        log.close()


def fetched(one):
    """A page from Caddy, whose certificate must come from the authority."""
    with Client(one.tls, authority=one.root) as client:
        return client.request()


def eventually(look, timeout=30):
    deadline = time.monotonic() + timeout
    while True:
        try:
            return look()
        except (OSError, ssl.SSLError, Closed):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


# Enrolment


def token(one, *arguments):
    return json.loads(one.gateway.command("cert", "token", *arguments, "--json").stdout)["token"]


def bearer(text):
    return (f"Authorization: Bearer {text}",)


def saved(one, key, chain):
    files = one.folder / "own.pem", one.folder / "own.key"
    files[0].write_bytes(chain)
    files[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return tuple(map(str, files))


def test_a_token_is_good_for_one_certificate_which_renews_itself(issuer):
    one = issuer()
    secret = token(one, "shop", "--dns", "shop.test")
    key, csr = request()
    reply = one.post("/enrol", csr, fields=bearer(secret))
    assert (reply.status, reply.get("content-type")) == (201, "application/pem-certificate-chain")
    first = saved(one, key, reply.body)
    with Client(one.strict, first, authority=one.root) as client:
        assert client.request().status == 200
    assert one.post("/enrol", request()[1], fields=bearer(secret)).code == "SP2771"
    key, csr = request(x509.DNSName("shop.test"), x509.UniformResourceIdentifier("spiffe://sallyport.local/client/shop"))
    renewed = one.post("/enrol", csr, credential=first)
    assert renewed.status == 201
    old, new = leaf(Path(first[0]).read_bytes()), leaf(renewed.body)
    assert old.subject == new.subject and old.serial_number != new.serial_number
    assert names(old) == names(new)
    with Client(one.strict, saved(one, key, renewed.body), authority=one.root) as client:
        assert client.request().status == 200
    assert secret not in one.gateway.output
    assert not any(secret in path.read_text() for path in (one.gateway.state).rglob("*.json"))


def names(certificate):
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_enrolment_refuses(issuer):
    one = issuer()
    csr = request()[1]
    assert one.post("/enrol", csr).code == "SP2770"
    assert one.post("/enrol", csr, fields=bearer("sallyport-" + "A" * 43)).code == "SP2771"
    assert one.post("/enrol", csr, fields=bearer("../../ca/root")).code == "SP2771"
    secret = token(one, "shop")
    other = request(x509.DNSName("other.test"))[1]
    assert one.post("/enrol", other, fields=bearer(secret)).code == "SP2741"
    authority = request(extension=x509.BasicConstraints(ca=True, path_length=None))[1]
    assert one.post("/enrol", authority, fields=bearer(secret)).code == "SP2740"
    assert one.post("/enrol", b"\x30" * 100, fields=bearer(secret)).code == "SP2740"
    assert one.post("/enrol", b"x" * 20_000, fields=bearer(secret)).code == "SP4033"
    assert one.post("/enrol/below", csr, fields=bearer(secret)).status == 404
    assert one.post("/enrol", csr, fields=bearer(secret)).status == 201


def test_only_listed_identities_renew_and_a_revoked_one_does_not(issuer):
    one = issuer()
    for name in ("shop", "stranger"):
        one.gateway.command("cert", "client", name)
    def credential(name):
        return str(one.gateway.state / f"clients/{name}.pem"), str(one.gateway.state / f"clients/{name}.key")
    assert one.post("/enrol", request()[1], credential=credential("stranger")).code == "SP2772"
    other = request(common_name="ci")[1]
    assert one.post("/enrol", other, credential=credential("shop")).code == "SP2741"
    assert one.post("/enrol", request()[1], credential=credential("shop")).status == 201
    one.gateway.command("cert", "revoke", "shop", "--yes")
    assert refused(one.port, credential("shop"), authority=one.root)


def test_an_expired_token_is_refused(issuer):
    one = issuer()
    secret = token(one, "shop")
    (file,) = (one.gateway.state / "enrolment").glob("*.json")
    grant = json.loads(file.read_text())
    file.write_text(json.dumps({**grant, "expiresAt": 1}))
    assert one.post("/enrol", request()[1], fields=bearer(secret)).code == "SP2771"


def test_one_token_under_a_race_makes_one_certificate(issuer):
    one = issuer()
    secret = token(one, "shop")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: one.post("/enrol", request()[1], fields=bearer(secret)).status, range(16)))
    assert sorted(replies) == [201] + [403] * 15


# What the wire may carry


def test_acme_over_plain_requests_is_refused_in_its_own_words(issuer):
    one = issuer()
    assert one.post("/acme/new-order", b"{}").status == 415
    def acme(body):
        return one.post("/acme/new-account", body, fields=("Content-Type: application/jose+json",))
    for body in (b"", b"{}", b"\xff", b"[" * 60_000, b'{"protected":"e30","protected":"e30","payload":"","signature":""}'):
        reply = acme(body)
        assert reply.status == 400 and json.loads(reply.body)["type"] == "urn:ietf:params:acme:error:malformed"
        assert reply.get("replay-nonce")
    assert acme(b"a" * 70_000).code == "SP4033"
    with Client(one.port, authority=one.root) as client:
        assert client.request("HEAD", "/acme/new-nonce").get("replay-nonce")
        assert client.request("GET", "/acme/new-nonce").status == 204
        directory = json.loads(client.request("GET", "/acme/directory").body)
        assert directory["meta"]["externalAccountRequired"] is True
        assert client.request("GET", "/acme/order/x").status == 405
        assert client.request("GET", "/acme/renewal-info/AAAA.BBBB").status == 404
        assert client.request("GET", "/acmes").get("content-type") == "application/problem+json"


def test_services_answer_over_http2(issuer):
    """The same answers on streams of one connection: a nonce, the directory, refusals, content that is too long."""
    one = issuer()
    host = {"authority": f"localhost:{one.port}"}
    with HTTP2Client(one.port, authority=one.root) as client:
        streams = [client.start(method=method, path="/acme/new-nonce", **host) for method in ("HEAD", "GET")]
        head, get = [client.read_response(stream) for stream in streams]
        assert head.get("replay-nonce") and get.get("replay-nonce") and get.status == 204
        directory = json.loads(client.ask(path="/acme/directory", **host).body)
        assert directory["meta"]["externalAccountRequired"] is True
        jose = {"method": "POST", "path": "/acme/new-account", "fields": [("content-type", "application/jose+json")], **host}
        reply = client.ask(content=b"{}", **jose)
        assert reply.status == 400 and json.loads(reply.body)["type"] == "urn:ietf:params:acme:error:malformed"
        assert client.ask(content=b"a" * 60_000, **jose).status == 400
        assert client.ask(path="/acme/order/x", **host).status == 405
        assert client.is_alive()


def test_requests_whose_content_does_not_come_keep_nobody_from_a_service(issuer):
    """Strangers may call these services, so they must not be able to fill them up by saying nothing."""
    one = issuer()
    context = ssl.create_default_context(cafile=one.root)
    head = f"POST /enrol HTTP/1.1\r\nHost: localhost:{one.port}\r\nContent-Length: 1000\r\n\r\nx".encode()
    held = []
    try:
        for _ in range(65 * (os.cpu_count() or 1) * 2):
            plain = socket.create_connection(("127.0.0.1", one.port), timeout=10)
            held.append(context.wrap_socket(plain, server_hostname="localhost"))
            held[-1].sendall(head)
        # Each worker has more of them than it waits for, so the oldest have given way by now.
        displaced = held[0].recv(4096)
        assert displaced.startswith(b"HTTP/1.1 503 ") and b"SP2778" in displaced, displaced
        for _ in range(8):
            assert one.post("/enrol", request()[1], fields=bearer("sallyport-unknown")).code == "SP2771"
            with Client(one.port, authority=one.root) as client:
                assert client.request("GET", "/acme/directory").status == 200
    finally:
        for connection in held:
            connection.close()
