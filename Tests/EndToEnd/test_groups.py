"""Identities under one name: who is in a group by certificate, token or key is allowed what the group is allowed."""

import pytest

from issuer import Issuer
from test_callers import ANYONE, ask, bearer, create, eventually


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def grouped(edge, serve, issuer):
    upstream = serve()

    def start(**changes):
        changes = {
            "identities": {
                "alice": {"commonName": "alice", "issuer": "test"}, "bob": {"commonName": "bob", "issuer": "test"},
                "mobile": {"token": {"issuer": issuer.url, "claims": {"scope": "orders:read"}}},
                "robot": {"apiKey": "ci"}},
            "groups": {"staff": ["alice", "mobile", "robot"]},
            "policies": {
                "users": {"jwt": {"issuer": issuer.url, "audience": ["orders"]}}, "robots": {"apiKeys": True},
                "insiders": {"when": "identity.groups contains 'staff'"}},
            "routes": [
                {"match": {"path": "/certificate"}, "allow": ["staff"], "to": upstream.url},
                {"match": {"path": "/token"}, "allow": ["staff"], "policies": ["users"], "to": upstream.url},
                {"match": {"path": "/key"}, "allow": ["staff"], "policies": ["robots"], "to": upstream.url},
                {"match": {"path": "/when"}, "allow": ["alice", "bob"], "policies": ["insiders"], "to": upstream.url}],
            "tlsProfiles__edge__clientCertificates": ANYONE, **changes}
        return edge(upstream, **changes)
    return start


def test_a_group_holds_by_certificate_token_and_key(grouped, issuer, alice, bob):
    one = grouped()
    assert ask(one, path="/certificate", credential=alice).status == 200
    assert ask(one, path="/certificate", credential=bob).code == "SP3001"
    assert ask(one, path="/certificate").code == "SP3002"
    assert ask(one, bearer(issuer.token(scope="orders:read")), path="/token").status == 200
    assert ask(one, bearer(issuer.token(scope="profile")), path="/token").code == "SP3001"
    good, other = create(one, "ci"), create(one, "other")
    eventually(lambda: ask(one, f"X-API-Key: {good}", path="/key").status == 200)
    assert ask(one, f"X-API-Key: {other}", path="/key").code == "SP3001"
    assert ask(one, path="/when", credential=alice).status == 200
    assert ask(one, path="/when", credential=bob).code == "SP3060"


def test_a_reload_of_groups_holds_on_open_connections(grouped, alice, bob):
    one = grouped()
    with one.client(alice) as hers, one.client(bob) as his:
        assert (hers.request(path="/certificate").status, his.request(path="/certificate").code) == (200, "SP3001")
        one.change("groups", {"staff": ["bob", "mobile", "robot"]})
        one.gateway.write(one.configuration)
        assert "1 group changed (staff)" in one.gateway.command("reload").stdout
        assert (hers.request(path="/certificate").code, his.request(path="/certificate").status) == ("SP3001", 200)
        one.change("groups", {"staff": ["eve"]})
        one.gateway.write(one.configuration)
        refused = one.gateway.command("reload", check=False)
        assert refused.returncode != 0 and "eve" in refused.stdout + refused.stderr
        assert his.request(path="/certificate").status == 200


def test_a_key_bound_to_a_group(grouped, alice, bob):
    one = grouped(identities={
        "alice": {"commonName": "alice", "issuer": "test"}, "bob": {"commonName": "bob", "issuer": "test"},
        "mobile": {"apiKey": "m"}, "robot": {"apiKey": "ci"}})
    key = create(one, "ci", "--identity", "staff")
    eventually(lambda: ask(one, f"X-API-Key: {key}", path="/key", credential=alice).status == 200)
    assert ask(one, f"X-API-Key: {key}", path="/key", credential=bob).code == "SP3052"


def test_commands_know_groups(grouped):
    one = grouped()
    text = one.gateway.command("check", "--policies", "-c", one.gateway.file).stdout
    assert "group staff (alice, mobile, robot)" in text

    def trial(*who):
        return one.gateway.command("route", "test", "GET", "/certificate", *who, "-c", one.gateway.file, check=False)
    allowed = trial("--as", "alice")
    assert allowed.returncode == 0 and "the route allows staff, and alice is in it" in allowed.stdout
    refused = trial("--as", "bob")
    assert refused.returncode == 1 and "SP3001" in refused.stdout
    group = trial("--as", "staff")
    assert group.returncode == 64 and "name one of its members: alice, mobile, robot" in group.stderr


def test_a_reload_names_api_keys_and_policies(grouped):
    one = grouped()
    create(one, "ci")
    one.configuration["policies"]["insiders"]["when"] = "identity.groups contains 'staff' or has(token)"
    one.gateway.write(one.configuration)
    said = one.gateway.command("reload").stdout
    assert "1 policy changed (insiders)" in said and "1 API key added (ci)" in said
    one.gateway.command("key", "revoke", "ci")
    assert "(1 API key removed (ci))" in one.gateway.command("reload").stdout
    assert "(no change)" in one.gateway.command("reload").stdout


def test_names_that_nobody_has_are_doubted(grouped):
    one = grouped()
    typo = one.gateway.command("ban", "add", "alcie", "--because", "x")
    assert "knows nobody called alcie; did you mean alice?" in typo.stderr
    assert "warning" not in one.gateway.command("ban", "add", "alice", "--because", "x").stderr
    assert "warning" not in one.gateway.command("ban", "add", "CN=eve,O=Example", "--because", "x").stderr
    group = one.gateway.command("ban", "add", "staff", "--because", "x", check=False)
    assert group.returncode == 64 and "ban its members: alice, mobile, robot" in group.stderr
    nobody = one.gateway.command("ban", "remove", "mallory", check=False)
    assert nobody.returncode == 1 and "list who is banned: sallyport ban list" in nobody.stderr

    def key(name, *options):
        return one.gateway.command("key", "create", name, *options, check=False)
    file = ("-c", one.gateway.file)
    assert "knows nobody called alcie" in key("a", "--identity", "alcie", *file).stderr
    for name in ("alice", "staff"):
        assert "warning" not in key(f"of-{name}", "--identity", name, *file).stderr
    assert "was not checked" in key("b", "--identity", "alice", "-c", "/nowhere").stderr
    short = key("c", "--for", "1s")
    assert short.returncode == 64 and "--for 1s: this is no duration from 1m to 3650d" in short.stderr
