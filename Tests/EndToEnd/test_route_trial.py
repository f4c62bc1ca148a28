"""`route test` decides as the gateway does: every request here is tried and then sent, and both say the same code."""

import json
import time

import pytest

from issuer import Issuer, SigningKey
from test_callers import ANYONE, ask, bearer, create, eventually, thumbprint


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def one(edge, serve, issuer):
    upstream = serve()
    return edge(
        upstream, tlsProfiles__edge__clientCertificates=ANYONE,
        identities={
            "alice": {"commonName": "alice", "issuer": "test"},
            "mobile": {"token": {"issuer": issuer.url, "claims": {"scope": "orders:read"}}},
            "kiosk": {"commonName": "alice", "issuer": "test", "token": {"issuer": issuer.url}},
            "robot": {"apiKey": "ci"}},
        policies={
            "users": {"jwt": {"issuer": issuer.url, "audience": ["orders"]}, "when": "token.subject == 'alice'"},
            "robots": {"apiKeys": True, "rateLimit": {"by": "key", "rate": "100/s"}},
            "browsers": {"cors": {"origins": ["https://www.example.org"]}},
            "inside": {"addresses": {"allow": ["127.0.0.0/8"]}}},
        routes=[
            {"match": {"path": "/token"}, "allow": ["mobile", "kiosk"], "policies": ["users"], "to": upstream.url},
            {"match": {"path": "/key"}, "allow": ["robot"], "policies": ["robots"], "to": upstream.url},
            {"match": {"path": "/both"}, "allow": "anyone", "because": "x", "policies": ["users", "robots"],
             "to": upstream.url},
            {"match": {"path": "/page"}, "allow": ["alice"], "policies": ["browsers", "inside"], "to": upstream.url}])


@pytest.fixture
def trial(one, tmp_path):
    def run(path, *options, token=None, key=None, method="GET", **more):
        for name, value in (("token", token), ("key", key)):
            if value is not None:
                file = tmp_path / name
                file.write_text(value + "\n")
                options += (f"--{name}", file)
        return one.gateway.command(
            "route", "test", method, path, *options, "-c", one.gateway.file, check=False, **more)
    return run


def code(done):
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout).get("reason")


def test_tokens_are_judged_as_in_the_gateway(one, trial, issuer):
    tokens = [
        issuer.token(scope="orders:read"), issuer.token(scope="profile"), issuer.token(aud="stock"),
        issuer.token(exp=int(time.time()) - 999), issuer.token(scope="orders:read", sub="bob"), "text-of-nobody",
        SigningKey("three").token(issuer.claims()), SigningKey("one").token(issuer.claims()), issuer.token(iss="https://x.example"),
    ]
    for token in tokens:
        reply = ask(one, bearer(token), path="/token")
        done = trial("/token", "--json", token=token)
        assert code(done) == (reply.code if reply.status != 200 else None), done.stdout
        assert token not in done.stdout and token not in done.stderr
    assert code(trial("/token", "--json")) == ask(one, path="/token").code == "SP3030"


def test_every_step_is_said(trial, issuer):
    good = trial("/token", token=issuer.token(scope="orders:read"))
    assert good.returncode == 0
    for words in (f"keys of {issuer.url}: 2 keys", "token: form:", "token: issuer:", 'token: key: key "one"',
                  "token: signature: good", "the caller is mobile", "the route allows mobile", "when: holds"):
        assert words in good.stdout, good.stdout
    bad = trial("/token", token=issuer.token(aud="stock"))
    assert 'token: audience: it is for "stock", wanted is "orders"' in bad.stdout and "SP3038" in bad.stdout
    assert "token: key:" not in bad.stdout, "it ends where the gateway ended"


def test_keys_come_from_a_file_or_standard_input(trial, issuer, tmp_path):
    token, keys = issuer.token(scope="orders:read"), json.dumps({"keys": [key.jwk for key in issuer.keys]})
    issuer.fails = True
    assert code(trial("/token", "--json", token=token)) == "SP3044"
    file = tmp_path / "jwks.json"
    file.write_text(keys)
    assert trial("/token", "--jwks", file, token=token).returncode == 0
    assert trial("/token", "--jwks", "-", token=token, stdin=keys).returncode == 0
    assert trial("/token", "--jwks", file, "--token", "-", stdin=token).returncode == 0
    assert trial("/token", "--jwks", "-", "--token", "-", stdin=token).returncode == 64
    file.write_text('{"keys":[]}')
    assert code(trial("/token", "--jwks", file, "--json", token=token)) == "SP3044"


def test_what_needs_a_token_is_not_proved_by_saying_so(one, trial, issuer, alice):
    assert code(trial("/token", "--as", "mobile", "--json")) == "SP3030"
    token = issuer.token(scope="x")
    assert ask(one, bearer(token), path="/token", credential=alice).status == 200
    assert code(trial("/token", "--as", "kiosk", "--json", token=token)) is None
    assert code(trial("/token", "--json", token=token)) == ask(one, bearer(token), path="/token").code == "SP3001"


def test_a_bound_token_wants_the_certificate(trial, issuer, alice):
    token = issuer.token(scope="orders:read", cnf={"x5t#S256": thumbprint(alice)})
    without = trial("/token", token=token)
    assert "SP3042" in without.stdout and "--certificate FILE" in without.stdout
    assert trial("/token", "--certificate", alice[0], token=token).returncode == 0


def test_api_keys_are_judged_as_in_the_gateway(one, trial):
    good, other, bound = create(one, "ci"), create(one, "other"), create(one, "bound", "--identity", "alice")
    eventually(lambda: ask(one, f"X-API-Key: {bound}", path="/key").code == "SP3052")
    for key in (good, other, bound, "sp_nonsense"):
        reply = ask(one, f"X-API-Key: {key}", path="/key")
        done = trial("/key", "--json", key=key)
        assert code(done) == (reply.code if reply.status != 200 else None), done.stdout
        assert key not in done.stdout
    limits = json.loads(trial("/key", "--json", key=good).stdout)["limits"]
    assert limits == [{"policy": "robots", "name": "robots", "rule": limits[0]["rule"], "key": "API key ci"}]
    assert "limit robots/robots counts it for API key ci: 100/s by key" in trial("/key", key=good).stdout


def test_bans_that_hold_are_said(one, trial, alice):
    assert trial("/page", "--as", "alice").returncode == 0
    one.gateway.command("ban", "add", "alice", "--because", "lost laptop")
    done = trial("/page", "--as", "alice")
    assert done.returncode == 1 and "SP4095" in done.stdout and "lost laptop" in done.stdout
    one.gateway.command("ban", "remove", "alice")
    one.gateway.command("ban", "add", "192.0.2.0/24", "--because", "noise")
    assert "SP4094" in trial("/page", "--as", "alice", "--from", "192.0.2.7").stdout
    assert trial("/page", "--as", "alice").returncode == 0


def test_the_order_is_that_of_the_gateway(one, trial):
    """A preflight request is answered before anyone is asked who it is, and a foreign address refused before a key."""
    preflight = ["Origin: https://www.example.org", "Access-Control-Request-Method: GET"]
    options = [option for field in preflight for option in ("-H", field)]
    assert ask(one, *preflight, path="/page", method="OPTIONS").status == 204
    done = trial("/page", *options, method="OPTIONS")
    assert done.returncode == 0 and "answered by the gateway" in done.stdout and "forwarded" not in done.stdout
    assert "SP3011" in trial("/page", "--from", "192.0.2.7").stdout


def test_two_credentials_of_a_kind_are_none(one, trial, issuer):
    token = issuer.token(scope="orders:read")
    done = trial("/token", "-H", "Authorization: Bearer x", "--json", token=token)
    assert code(done) == ask(one, bearer(token), bearer("x"), path="/token").code == "SP3045"


def test_a_file_with_more_than_a_token_is_refused(trial):
    done = trial("/token", token="a b")
    assert done.returncode == 64 and "--token" in done.stderr and "a b" not in done.stderr
    assert trial("/token", "--token", "/nowhere").returncode == 64
