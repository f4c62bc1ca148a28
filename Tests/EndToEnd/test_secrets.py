"""What Sallyport knows and must not say: MAC keys, account keys, keys of certificates, tokens."""

import base64
import json
import secrets

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from acme_fake import FakeACME
from clients import Client
from gateway import Gateway, free_port, sallyport


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forms(text):
    """A secret as it is written, and the bytes behind it in the alphabets in which somebody could print them."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return {text, base64.b64encode(data).decode().rstrip("="), data.hex(), data.hex().upper(), ", ".join(map(str, data))}


class Keeper:
    """A gateway that is an ACME client, an ACME server and enrols, with what it must keep to itself."""

    def __init__(self, folder, server):
        self.folder, self.port, self.server = folder, free_port(), server
        self.mac = {name: base64url(secrets.token_bytes(48)) for name in ("client", "server")}
        for name, text in self.mac.items():
            (folder / f"{name}.key").write_text(text + "\n")
            (folder / f"{name}.key").chmod(0o600)
        self.configuration = {
            "version": 1,
            "tlsProfiles": {"newcomers": {
                "clientCertificates": {"mode": "optional", "because": "they have no certificate yet"}}},
            "listeners": {
                "issue": {"address": f"127.0.0.1:{self.port}", "tls": {"profile": "newcomers", "names": ["localhost"]}},
                "site": {"address": f"127.0.0.1:{free_port()}", "tls": {"acme": {
                    "directory": server.directory, "names": ["www.example.test"], "agreeToTerms": True,
                    "externalAccount": {"keyID": "kid-1", "key": f"file:{folder}/client.key"}}}},
                "plain": {"address": f"127.0.0.1:{free_port()}", "redirectToHTTPS": True}},
            "pki": {
                "acme": {
                    "listener": "issue", "validation": {"networks": ["10.0.0.0/8"]},
                    "externalAccounts": {"ci": {
                        "macKey": f"file:{folder}/server.key", "names": ["a.test"], "usages": ["client"]}}},
                "enrolment": {"listener": "issue", "renew": ["shop"]}},
            "routes": [{"match": {"path": "/"}, "allow": ["ci", "shop"], "to": "http://127.0.0.1:9"}],
            "observability": {"accessLog": {"to": "file:access.log", "format": "json"}},
        }
        self.gateway = Gateway(folder, self.configuration)

    def enrol(self, token):
        key = ec.generate_private_key(ec.SECP256R1())
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        with Client(self.port, authority=str(self.gateway.state / "ca/root.pem")) as client:
            return client.request(
                "POST", "/enrol", body=request.public_bytes(serialization.Encoding.PEM),
                fields=(f"Authorization: Bearer {token}",))

    def stored(self):
        """The keys that the ACME client made: of the account, and of the certificate."""
        acme = self.gateway.state / "acme"
        (account,) = ((json.loads(file.read_text())) for file in (acme / "accounts").iterdir())
        (credential,) = (file.read_text() for file in (acme / "certificates").iterdir())
        key = serialization.load_pem_private_key(credential.encode(), None)
        number = key.private_numbers().private_value.to_bytes(32, "big")
        return [account["key"], base64url(number)]

    def told(self):
        """Everything that the commands say, with one difference to talk about."""
        changed = json.loads(json.dumps(self.configuration))
        changed["listeners"]["site"]["tls"]["acme"]["externalAccount"]["keyID"] = "kid-2"
        other = self.folder / "other.key"
        other.write_bytes((self.folder / "server.key").read_bytes())
        other.chmod(0o600)
        changed["pki"]["acme"]["externalAccounts"]["ci"]["macKey"] = f"file:{other}"
        self.gateway.write(changed)
        commands = [("status",), ("status", "--json"), ("diff",), ("diff", "--json"), ("cert", "list", "--json"), ("ca", "show"),
                    ("explain", "SP2771"), ("explain", "pki.acme.externalAccounts.macKey"), ("reload",), ("status", "--json")]
        commands += [("check", "-c", self.gateway.file, *more) for more in (
            (), ("--policies",), ("--format", "json"), ("--format", "sarif"), ("--format", "github"))]
        commands += [("explain", identifier) for identifier in self.gateway.status()["sampledHandshakes"]]
        done = [self.gateway.command(*command) for command in commands]
        return "\n".join(one.stdout + one.stderr for one in done)


@pytest.fixture
def keeper(tmp_path):
    (tmp_path / "fake").mkdir()
    server = FakeACME(tmp_path / "fake")
    one = Keeper(tmp_path, server)
    yield one
    one.gateway.stop()
    server.stop()


def test_no_secret_is_told(keeper):
    gateway = keeper.gateway
    gateway.wait_for("certificate issued by ACME")
    token = json.loads(gateway.command("cert", "token", "shop", "--json").stdout)["token"]
    assert keeper.enrol(token).status == 201
    assert keeper.enrol(token).code == "SP2771"
    assert keeper.enrol(keeper.mac["server"]).code == "SP2771"
    told = keeper.told()
    assert "kid-2" in told and "other.key" in told, "the difference was not shown"
    logged = gateway.output + gateway.access_file.read_text()
    assert "SP2771" in logged
    hidden = set().union(*map(forms, [*keeper.mac.values(), *keeper.stored(), token.removeprefix("sallyport-")]))
    for secret in hidden | {token, "PRIVATE KEY"}:
        assert secret not in told and secret not in logged


def test_what_is_stored_holds_no_mac_key_and_no_token(keeper):
    keeper.gateway.wait_for("certificate issued by ACME")
    token = json.loads(keeper.gateway.command("cert", "token", "shop", "--json").stdout)["token"]
    assert keeper.enrol(token).status == 201
    hidden = set().union(*map(forms, [*keeper.mac.values(), token.removeprefix("sallyport-")]))
    for file in keeper.gateway.state.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret.encode() in content for secret in hidden), file


@pytest.mark.parametrize("place", ["client", "server"])
def test_a_key_that_cannot_be_used_is_not_shown(tmp_path, place):
    (tmp_path / "fake").mkdir()
    server = FakeACME(tmp_path / "fake")
    keeper = Keeper(tmp_path, server)
    try:
        damaged = "not base64url: " + secrets.token_urlsafe(30)
        (tmp_path / f"{place}.key").write_text(damaged)
        refused = keeper.gateway.command("reload", check=False)
        told = refused.stdout + refused.stderr + keeper.gateway.command("status").stdout
        assert refused.returncode != 0 and ("SP2713" if place == "client" else "SP1542") in told
        assert damaged[15:] not in told + keeper.gateway.output
    finally:
        keeper.gateway.stop()
        server.stop()


def test_a_literal_key_in_the_file_is_not_shown():
    secret = base64url(secrets.token_bytes(48))
    text = json.dumps({
        "version": 1, "listeners": {"main": {"address": ":8443", "tls": {"acme": {
            "directory": "https://acme.test/dir", "names": ["a.test"], "unknown": 1,
            "externalAccount": {"keyID": "kid-1", "key": secret, "unknown": 2}}}}},
        "pki": {"acme": {"listener": "main", "externalAccounts": {"ci": {"macKey": secret, "usages": ["unknown"]}}}}})
    for form in ("text", "json", "github", "sarif"):
        done = sallyport("check", "-c", "-", "--format", form, stdin=text, check=False)
        assert done.returncode == 78 and "SP1411" in done.stdout + done.stderr
        assert secret not in done.stdout + done.stderr
