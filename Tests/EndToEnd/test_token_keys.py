"""Where keys of issuers come from besides a public server: an authority of one's own, a secret that both sides share, and
curves that few use. Tokens are made by PyPI's cryptography."""

import hashlib
import hmac
import json
import ssl

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from certificates import SERVER, Authority
from issuer import Issuer, encode, number
from test_callers import ANYONE, ask, bearer, eventually

SECRET = "s" * 64


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def guarded(edge, serve):
    upstream = serve()

    def start(policies, wait=True, **more):
        return edge(
            upstream, policies=policies, wait=wait, tlsProfiles__edge__clientCertificates=ANYONE,
            routes=[{"match": {"path": f"/{name}"}, "allow": "anyone", "because": "x", "policies": [name],
                     "to": upstream.url} for name in policies], **more)
    return start


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "token.secret"
    file.write_text(SECRET)
    file.chmod(0o600)
    return file


def mac(claims, key, algorithm="HS256", **header):
    text = f"{encode(json.dumps({'alg': algorithm, **header}).encode())}.{encode(json.dumps(claims).encode())}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{text}.{encode(hmac.digest(key.encode(), text.encode(), digest))}"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_tokens_with_a_shared_secret(guarded, issuer, secret, algorithm):
    shared = {"secret": f"file:{secret}", "algorithm": algorithm}
    one = guarded({"mine": {"jwt": {"issuer": issuer.url, "audience": ["orders"], "sharedSecret": shared}}})
    claims = issuer.claims()
    assert ask(one, bearer(mac(claims, SECRET, algorithm)), path="/mine").status == 200
    assert ask(one, bearer(mac(claims, SECRET + "x", algorithm)), path="/mine").code == "SP3036"
    other = "HS512" if algorithm == "HS256" else "HS256"
    assert ask(one, bearer(mac(claims, SECRET, other)), path="/mine").code == "SP3033", "exactly one algorithm"
    assert ask(one, bearer(issuer.token()), path="/mine").code == "SP3033", "no public key counts"
    assert issuer.fetches == 0
    assert SECRET not in one.gateway.output


def test_another_secret_holds_from_the_reload_on(guarded, issuer, secret):
    one = guarded({"mine": {"jwt": {"issuer": issuer.url, "audience": ["orders"], "sharedSecret": {"secret": f"file:{secret}"}}}})
    old, new = mac(issuer.claims(), SECRET), mac(issuer.claims(), "n" * 32)
    assert ask(one, bearer(old), path="/mine").status == 200
    secret.write_text("n" * 32)
    one.gateway.command("reload")
    eventually(lambda: ask(one, bearer(new), path="/mine").status == 200)
    assert ask(one, bearer(old), path="/mine").code == "SP3036"


def test_what_would_confuse_algorithms_is_refused(guarded, issuer, secret):
    """One issuer by secret and by public key, a MAC among signatures, a secret that is too short."""
    shared = {"secret": f"file:{secret}"}
    token = {"issuer": issuer.url, "audience": ["orders"]}
    one = guarded({"mine": {"jwt": token}})

    def refused(policies, words):
        one.change("policies", policies)
        one.gateway.write(one.configuration)
        done = one.gateway.command("check", "-c", one.gateway.file, check=False)
        assert done.returncode == 78 and words in done.stdout, done.stdout
    refused({"mine": {"jwt": token}, "two": {"jwt": {**token, "sharedSecret": shared}}}, "in two ways")
    refused({"mine": {"jwt": {**token, "sharedSecret": shared, "jwks": "discover"}}}, "jwks")
    refused({"mine": {"jwt": {**token, "sharedSecret": shared, "algorithms": ["RS256"]}}}, "algorithms")
    refused({"mine": {"jwt": {**token, "algorithms": ["HS256"]}}}, "HS256")
    refused({"mine": {"jwt": {**token, "sharedSecret": {**shared, "algorithm": "RS256"}}}}, "RS256")
    refused({"mine": {"jwt": {**token, "sharedSecret": {"secret": "hunter2"}}}}, "SP1")


def test_a_short_secret_lets_nobody_in(guarded, issuer, secret):
    secret.write_text("short")
    one = guarded({"mine": {"jwt": {"issuer": issuer.url, "audience": ["orders"], "sharedSecret": {"secret": f"file:{secret}"}}}})
    one.gateway.wait_for("shorter than the hash")
    assert ask(one, bearer(mac(issuer.claims(), "short")), path="/mine").code == "SP3044"


def test_es512(guarded, issuer):
    key = ec.generate_private_key(ec.SECP521R1())
    numbers = key.public_key().public_numbers()

    class Key:
        jwk = {"kty": "EC", "crv": "P-521", "kid": "large", "x": number(numbers.x, 66), "y": number(numbers.y, 66)}
    issuer.keys.append(Key)
    one = guarded({"mine": {"jwt": {"issuer": issuer.url, "audience": ["orders"]}}})

    def token(claims):
        text = f"{encode(json.dumps({'alg': 'ES512', 'kid': 'large'}).encode())}.{encode(json.dumps(claims).encode())}"
        r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA512())))
        return f"{text}.{encode(r.to_bytes(66, 'big') + s.to_bytes(66, 'big'))}"
    good = token(issuer.claims())
    assert ask(one, bearer(good), path="/mine").status == 200
    head, _, signature = good.split(".")
    forged = f"{head}.{encode(json.dumps(issuer.claims(sub='root')).encode())}.{signature}"
    assert ask(one, bearer(forged), path="/mine").code == "SP3036"


@pytest.fixture
def private_issuer(authority):
    """An issuer behind a certificate of the tests' own authority."""
    issuer = Issuer()
    credential = authority.issue("localhost", usage=SERVER, names=["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credential.certificate_file, credential.key_file)
    issuer.server.socket = context.wrap_socket(issuer.server.socket, server_side=True)
    issuer.url = f"https://localhost:{issuer.server.server_port}"
    yield issuer
    issuer.close()


def test_an_issuer_of_an_authority_of_ones_own(guarded, private_issuer):
    token = {"issuer": private_issuer.url, "audience": ["orders"]}
    one = guarded({"mine": {"jwt": {**token, "trust": ["test"]}}, "stranger": {"jwt": token}})
    assert ask(one, bearer(private_issuer.token()), path="/mine").status == 200
    assert ask(one, bearer(private_issuer.token()), path="/stranger").code == "SP3044", "the system does not know it"
    done = one.gateway.command("route", "test", "GET", "/mine", "-H", bearer(private_issuer.token()), "-c", one.gateway.file)
    assert "signature: good" in done.stdout
    one.change("policies__mine__jwt__trust", ["tets"])
    one.gateway.write(one.configuration)
    done = one.gateway.command("check", "-c", one.gateway.file, check=False)
    assert done.returncode == 78 and "tets" in done.stdout


def test_trust_taken_away_takes_the_keys_that_came_by_it(guarded, private_issuer, authority, tmp_path):
    """Another certificate under the same name: what the old one vouched for is not believed any more."""
    trusted = tmp_path / "issuers.pem"
    trusted.write_bytes(authority.file.read_bytes())
    one = guarded(
        {"mine": {"jwt": {"issuer": private_issuer.url, "audience": ["orders"], "trust": ["issuers"]}}},
        pki__authorities__issuers={"file": str(trusted)})
    assert ask(one, bearer(private_issuer.token()), path="/mine").status == 200
    one.gateway.command("reload")
    assert ask(one, bearer(private_issuer.token()), path="/mine").status == 200, "the same authority: the same keys"
    trusted.write_bytes(Authority(tmp_path, "Successor").file.read_bytes())
    one.gateway.command("reload")
    assert ask(one, bearer(private_issuer.token()), path="/mine").code == "SP3044"


def test_introspection_at_an_authority_of_ones_own(guarded, private_issuer, secret):
    asked = {"url": f"{private_issuer.url}/introspect", "client": "gateway", "secret": f"file:{secret}",
             "issuer": private_issuer.url, "audience": ["orders"]}
    one = guarded({"mine": {"introspection": {**asked, "trust": ["test"]}}, "stranger": {"introspection": asked}})
    private_issuer.known["abc"] = {"active": True, "aud": "orders"}
    assert ask(one, bearer("abc"), path="/mine").status == 200
    assert ask(one, bearer("abc"), path="/stranger").code == "SP3047"
