"""What operators learn about a token or key that was refused, and clients do not."""

import json
import re
import time

import pytest

from issuer import Issuer, SigningKey, encode
from test_callers import ANYONE, ask, bearer, create, eventually


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def guarded(edge, serve):
    upstream = serve()

    def start(wait=True, **policy):
        return edge(
            upstream, policies={"mine": policy}, wait=wait, tlsProfiles__edge__clientCertificates=ANYONE,
            routes=[{"name": "mine", "match": {"path": "/mine"}, "allow": "anyone", "because": "the policy asks",
                     "policies": ["mine"], "to": upstream.url},
                    {"name": "open", "match": {"path": "/open"}, "allow": "anyone", "because": "x", "to": upstream.url}])
    return start


def refused(gateway, code, *fields):
    """The log line of a refusal, and the reply."""
    since = gateway.gateway.mark()
    reply = ask(gateway, *fields, path="/mine")
    assert reply.code == code
    line = gateway.gateway.logged("credentials refused", since=since, timeout=15)
    assert code in line and "fix" in line and "mine" in line
    return line, reply


def test_the_log_says_what_was_wrong_with_a_token(guarded, issuer):
    gateway = guarded(jwt={"issuer": issuer.url, "audience": ["orders"]})
    now = int(time.time())
    cases = [
        ("SP3039", issuer.token(exp=now - 300), "it expired 5 minutes ago"),
        ("SP3038", issuer.token(aud="stock"), 'it is for "stock", wanted is "orders"'),
        ("SP3037", issuer.token(iss="https://evil.example"), 'it is of "https://evil.example"'),
        ("SP3035", SigningKey("three").token(issuer.claims()), 'no key "three" for ES256'),
        ("SP3036", SigningKey("one").token(issuer.claims()), 'key "one" of'),
        ("SP3042", issuer.token(cnf={"x5t#S256": encode(bytes(32))}), "the client has shown none"),
        ("SP3032", "opaque-text-of-somebody", "it has no dots"),
    ]
    for code, token, words in cases:
        line, reply = refused(gateway, code, bearer(token))
        assert words in line.replace('\\"', '"'), line
        assert token not in line and token.split(".")[-1] not in line
        assert not re.search("expired|stock|evil|three|dots", reply.body.decode().replace(reply.get("date") or "", "")
                             .replace("The token has expired", "")), "the client learns a code"
    assert not any(token in gateway.gateway.output for _, token, _ in cases)


def test_what_a_token_says_cannot_forge_a_line(guarded, issuer):
    gateway = guarded(jwt={"issuer": issuer.url, "audience": ["orders"]})
    evil = 'x"\n2026-11-24 error: all is lost \x1b[31m\u202e' + "y" * 3000
    line, _ = refused(gateway, "SP3038", bearer(issuer.token(aud=evil)))
    assert len(line) < 2000 and "\x1b" not in line and "\u202e" not in line and "all is lost" in line
    assert not any(other.startswith("2026-11-24 error") for other in gateway.gateway.stderr.lines)


def test_without_keys_the_log_says_why(guarded, issuer):
    issuer.fails = True
    gateway = guarded(jwt={"issuer": issuer.url, "audience": ["orders"]})
    gateway.gateway.wait_for("keys of an issuer not fetched")
    line, _ = refused(gateway, "SP3044", bearer(issuer.token()))
    assert "answers 404" in line
    problem = gateway.gateway.status()["callers"]["issuers"][0]
    assert problem["keys"] == 0 and "answers 404" in problem["problem"]
    assert "PROBLEM" in gateway.gateway.command("status").stdout


def test_an_introspected_token_is_not_in_the_log(guarded, issuer, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    secret.chmod(0o600)
    gateway = guarded(introspection={
        "url": f"{issuer.url}/introspect", "client": "gateway", "secret": f"file:{secret}", "issuer": issuer.url,
        "audience": ["orders"]})
    issuer.known["opaque-one"] = {"active": True, "aud": "stock"}
    line, _ = refused(gateway, "SP3038", bearer("opaque-one"))
    assert 'it is for \\"stock\\"' in line or 'it is for "stock"' in line
    line, _ = refused(gateway, "SP3046", bearer("opaque-two"))
    assert "says that it is not active" in line
    assert "opaque-one" not in gateway.gateway.output and "opaque-two" not in gateway.gateway.output


def test_the_log_says_what_was_wrong_with_a_key(guarded):
    gateway = guarded(apiKeys=True)
    bound = create(gateway, "bound", "--identity", "alice")
    gone = create(gateway, "gone")
    eventually(lambda: ask(gateway, f"X-API-Key: {bound}", path="/mine").code == "SP3052")
    eventually(lambda: ask(gateway, f"X-API-Key: {gone}", path="/mine").status == 200)
    line, _ = refused(gateway, "SP3052", f"X-API-Key: {bound}")
    assert "bound is for alice" in line and "nobody by name" in line
    gateway.gateway.command("key", "revoke", "gone")
    eventually(lambda: ask(gateway, f"X-API-Key: {gone}", path="/mine").status == 401)
    assert "well-formed" in refused(gateway, "SP3050", f"X-API-Key: {gone}")[0]
    assert "none that a gateway" in refused(gateway, "SP3050", "X-API-Key: sp_nonsense")[0]
    assert bound not in gateway.gateway.output and gone not in gateway.gateway.output


def test_a_flood_writes_a_few_lines(guarded, issuer):
    gateway = guarded(jwt={"issuer": issuer.url, "audience": ["orders"]})
    bad = bearer(issuer.token(aud="stock"))
    with gateway.client(None) as client:
        for _ in range(300):
            assert client.request("GET", "/mine", fields=[bad]).code == "SP3038"
    # Another kind is said all the same, and behind it the log is complete.
    refused(gateway, "SP3032", bearer("opaque"))
    lines = [line for line in gateway.gateway.stderr.lines if "credentials refused" in line and "SP3038" in line]
    assert 10 <= len(lines) < 150


# A damaged file of API keys


def damage(gateway):
    file = gateway.gateway.state / "keys" / "keys.json"
    whole = file.read_text()
    file.write_text(whole[:-20])
    return file, whole


def test_a_running_gateway_keeps_its_keys_when_the_file_is_damaged(guarded):
    gateway = guarded(apiKeys=True)
    key = create(gateway, "ci")
    eventually(lambda: ask(gateway, f"X-API-Key: {key}", path="/mine").status == 200)
    file, whole = damage(gateway)
    assert "SP1342" in gateway.gateway.logged("API keys not read", timeout=15)
    assert ask(gateway, f"X-API-Key: {key}", path="/mine").status == 200
    assert gateway.gateway.status()["callers"]["apiKeys"]["count"] == 1
    assert "SP1342" in gateway.gateway.command("status").stdout
    check = gateway.gateway.command("check", "-c", gateway.gateway.file, check=False)
    assert check.returncode == 78 and "SP1342" in check.stdout
    file.write_text(whole)
    eventually(lambda: "problem" not in gateway.gateway.status()["callers"]["apiKeys"])


def test_a_gateway_that_starts_with_a_damaged_file_says_so_and_refuses_keys(guarded, edge):
    gateway = guarded(apiKeys=True)
    key = create(gateway, "ci")
    file, whole = damage(gateway)
    gateway.gateway.stop()
    from gateway import Gateway
    gateway.gateway = Gateway(gateway.gateway.folder, gateway.configuration)
    reply = ask(gateway, f"X-API-Key: {key}", path="/mine")
    assert (reply.status, reply.code) == (503, "SP3053")
    assert ask(gateway, path="/mine").code == "SP3030"
    assert ask(gateway, path="/open").status == 200, "whoever comes without a key is served"
    assert "SP1342" in gateway.gateway.logged("API keys not read", timeout=15)
    assert "count" not in gateway.gateway.status()["callers"]["apiKeys"]
    assert "EVERY KEY IS REFUSED" in gateway.gateway.command("status").stdout
    file.write_text(whole)
    eventually(lambda: ask(gateway, f"X-API-Key: {key}", path="/mine").status == 200)
