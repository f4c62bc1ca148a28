"""The built-in authority: what it issues, who accepts it, how the files are kept."""

import ipaddress
import json
import os
import re
import stat
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway import sallyport


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def command(state, *arguments, **options):
    return sallyport(*arguments, state=state, **options)


def load(path):
    return x509.load_pem_x509_certificates(path.read_bytes())


def test_ca_init(state):
    command(state, "ca", "init")
    [root], [intermediate] = load(state / "ca/root.pem"), load(state / "ca/intermediate.pem")[:1]
    root.verify_directly_issued_by(root)
    intermediate.verify_directly_issued_by(root)
    for one, length in ((root, 2), (intermediate, 0)):
        constraints = one.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical and constraints.value.ca and constraints.value.path_length == length
        assert isinstance(one.public_key(), ec.EllipticCurvePublicKey) and one.public_key().curve.name == "secp256r1"
    shown = command(state, "ca", "show").stdout
    fingerprint = root.fingerprint(hashes.SHA256()).hex().upper()
    assert fingerprint in shown.replace(":", "").upper()


def test_ca_init_keeps_what_is_there(state):
    command(state, "ca", "init")
    before = (state / "ca/root.pem").read_bytes()
    command(state, "ca", "init", check=False)
    assert (state / "ca/root.pem").read_bytes() == before


def test_keys_are_private(state):
    command(state, "cert", "client", "alice", "--p12")
    command(state, "cert", "server", "localhost")
    keys = [path for path in state.rglob("*") if path.suffix in (".key", ".p12")]
    assert len(keys) >= 4
    for key in keys:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key
    for folder in (state, state / "ca", state / "clients"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_client(state):
    command(state, "cert", "client", "alice", "--uri", "spiffe://example.org/alice", "--dns", "alice.example.org", "--hours", "2")
    leaf, intermediate = load(state / "clients/alice.pem")
    [root] = load(state / "ca/root.pem")
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(root)
    assert leaf.subject.rfc4514_string() == "CN=alice"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://example.org/alice"]
    assert names.get_values_for_type(x509.DNSName) == ["alice.example.org"]
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    hours = (leaf.not_valid_after_utc - leaf.not_valid_before_utc).total_seconds() / 3600
    assert 2 <= hours < 2.2
    key = serialization.load_pem_private_key((state / "clients/alice.key").read_bytes(), None)
    assert key.public_key() == leaf.public_key()


def test_server(state):
    command(state, "cert", "server", "localhost", "--dns", "127.0.0.1", "--dns", "api.test")
    leaf = load(state / "servers/localhost.pem")[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) >= {"localhost", "api.test"}
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.parametrize("kind, name", [("client", "alice"), ("server", "localhost")])
def test_openssl_agrees(state, kind, name):
    command(state, "cert", kind, name)
    purpose = "sslclient" if kind == "client" else "sslserver"
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", state / "ca/root.pem", "-untrusted",
         state / "ca/intermediate.pem", state / f"{kind}s/{name}.pem"], capture_output=True, text=True)
    assert done.returncode == 0, done


def password(output):
    """The password as printed: the last word of the line that speaks of it."""
    line = next(line for line in output.split("\n") if "password" in line.lower())
    return re.findall(r"[^\s\"'`]+", line.rstrip(". "))[-1]


def test_p12_is_read_by_others(state):
    done = command(state, "cert", "client", "alice", "--p12")
    secret = password(done.stdout + done.stderr)
    bundle = pkcs12.load_pkcs12((state / "clients/alice.p12").read_bytes(), secret.encode())
    assert bundle.cert.certificate == load(state / "clients/alice.pem")[0]
    assert len(bundle.additional_certs) >= 1 and bundle.key.public_key() == bundle.cert.certificate.public_key()
    shown = subprocess.run(
        ["openssl", "pkcs12", "-in", state / "clients/alice.p12", "-passin", f"pass:{secret}", "-noout", "-info"],
        capture_output=True, text=True)
    assert shown.returncode == 0 and "PBES2" in shown.stderr and "AES-256-CBC" in shown.stderr, shown


def test_list_inspect_renew_revoke(state):
    command(state, "cert", "client", "alice")
    first = load(state / "clients/alice.pem")[0]
    assert "alice" in command(state, "cert", "list").stdout
    shown = sallyport("cert", "inspect", state / "clients/alice.pem").stdout
    assert "CN=alice" in shown and f"{first.serial_number:X}" in shown.replace(":", "").upper()
    command(state, "cert", "renew", "alice")
    second = load(state / "clients/alice.pem")[0]
    assert second.serial_number != first.serial_number and second.subject == first.subject
    assert second.public_key() != first.public_key()
    command(state, "cert", "revoke", "alice", "--yes")
    listed = json.loads(command(state, "cert", "list", "--json").stdout)
    assert "revoked" in json.dumps(listed).lower()


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "-rf", "a b", "", "x" * 65, "evil\n", "a\x1b[31m"])
def test_names_that_could_do_harm(state, name):
    done = command(state, "cert", "client", "--", name, check=False) if name.startswith("-") else command(
        state, "cert", "client", name, check=False)
    assert done.returncode != 0, done
    assert not list((state / "clients").glob("*")) if (state / "clients").exists() else True
    assert "\x1b" not in done.stderr


def test_a_state_directory_that_others_can_write(state):
    state.mkdir(mode=0o777)
    os.chmod(state, 0o777)
    done = command(state, "cert", "client", "alice", check=False)
    assert done.returncode != 0 and "SP2260" in done.stderr, done


def test_a_key_file_that_is_a_link_is_not_followed(state, tmp_path):
    command(state, "cert", "client", "alice")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (state / "clients/bob.key").symlink_to(victim)
    command(state, "cert", "client", "bob", check=False)
    assert victim.read_text() == "precious"


def test_unknown_name(state):
    command(state, "ca", "init")
    for verb in ("renew", "revoke"):
        done = command(state, "cert", verb, "nobody", "--yes" if verb == "revoke" else "--json", check=False)
        assert done.returncode != 0
