"""Who asks, beyond the certificate: tokens, API keys, and the circumstances of a request."""

import base64
import hashlib
import json
import ssl
import time
from pathlib import Path

import pytest

from http2_client import HTTP2Client
from issuer import Issuer, SigningKey, decode, encode, mac_token

ANYONE = {"mode": "optional", "trust": ["test"], "because": "clients with tokens have no certificate"}


@pytest.fixture
def upstream(serve):
    return serve()


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def guarded(edge, upstream, issuer):
    """A gateway with this policy on its only route; clients may come without a certificate."""
    def start(*, identities=None, allow="anyone", **policy):
        route = {"match": {"path": "/"}, "allow": allow, "policies": ["mine"], "to": upstream.url}
        if allow == "anyone":
            route["because"] = "the policy asks"
        changes = {"identities": identities} if identities else {}
        return edge(
            upstream, policies={"mine": policy}, routes=[route], tlsProfiles__edge__clientCertificates=ANYONE, **changes)
    return start


@pytest.fixture
def tokens(guarded, issuer):
    """The same with a policy that takes the issuer's tokens."""
    return lambda **more: guarded(jwt={"issuer": issuer.url, "audience": ["orders"], **more})


def ask(gateway, *fields, credential=None, path="/", method="GET"):
    with gateway.client(credential) as client:
        return client.request(method, path, fields=list(fields))


def bearer(token):
    return f"Authorization: Bearer {token}"


def thumbprint(credential):
    certificate = ssl.PEM_cert_to_DER_cert(Path(credential[0]).read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    return encode(hashlib.sha256(certificate).digest())


# Tokens


@pytest.mark.parametrize("key", [0, 1])
def test_a_good_token(tokens, issuer, upstream, key):
    gateway = tokens()
    token = issuer.token(key)
    for _ in range(3):
        assert ask(gateway, bearer(token)).status == 200
    assert upstream.requests[-1].get("authorization") is None, "the token stays here"


def test_a_token_goes_on_where_the_policy_says_so(tokens, issuer, upstream):
    gateway = tokens(passOn=True)
    token = issuer.token()
    assert ask(gateway, bearer(token)).status == 200
    assert upstream.requests[-1].get("authorization") == f"Bearer {token}"


def test_without_a_token(tokens):
    reply = ask(tokens())
    assert (reply.status, reply.code) == (401, "SP3030")
    assert reply.get("www-authenticate") == 'Bearer realm="gateway"'


CHANGES = {
    "issuer": ("SP3037", dict(iss="https://evil.example")),
    "audience": ("SP3038", dict(aud="stock")),
    "expired": ("SP3039", dict(exp=int(time.time()) - 61)),
    "not yet": ("SP3040", dict(nbf=int(time.time()) + 86_400)),
    "endless": ("SP3041", dict(exp=None)),
    "bound": ("SP3042", dict(cnf={"x5t#S256": encode(bytes(32))})),
    "bound to a key": ("SP3042", dict(cnf={"jkt": encode(bytes(32))})),
    "no number": ("SP3032", dict(exp="tomorrow")),
}


@pytest.mark.parametrize("code, changes", CHANGES.values(), ids=CHANGES)
def test_tokens_that_are_not_good(tokens, issuer, upstream, code, changes):
    reply = ask(tokens(), bearer(issuer.token(**changes)))
    assert (reply.status, reply.code) == (401, code)
    assert reply.get("www-authenticate") == 'Bearer realm="gateway", error="invalid_token"'
    assert not upstream.requests


def test_tokens_that_somebody_else_made(tokens, issuer, upstream):
    gateway = tokens()
    good = issuer.token()
    head, claims, signature = good.split(".")
    public = json.dumps(issuer.keys[1].jwk).encode()
    none = encode(b'{"alg":"none"}')
    forged = {
        SigningKey("one").token(issuer.claims()): "SP3036",
        SigningKey("three").token(issuer.claims()): "SP3035",
        f"{head}.{claims}.{encode(decode(signature)[:-1])}": "SP3036",
        f"{head}.{encode(json.dumps(issuer.claims(sub='root')).encode())}.{signature}": "SP3036",
        f"{none}.{claims}.": "SP3032",
        f"{none}.{claims}.{signature}": "SP3033",
        mac_token(issuer.claims(), public, kid="two"): "SP3033",
        issuer.keys[0].token(issuer.claims(), crit=["exp"]): "SP3034",
        issuer.keys[0].token(issuer.claims(), typ="logout+jwt"): "SP3034",
        issuer.keys[0].token(issuer.claims(), kid="two"): "SP3035",
        good + "=": "SP3032",
    }
    for token, code in forged.items():
        reply = ask(gateway, bearer(token))
        assert (reply.status, reply.code) == (401, code), token
    assert not upstream.requests
    assert ask(gateway, bearer(good)).status == 200
    assert good not in gateway.gateway.output


def test_two_tokens_are_none(tokens, issuer):
    gateway = tokens()
    reply = ask(gateway, bearer(issuer.token()), bearer(issuer.token()))
    assert (reply.status, reply.code) == (400, "SP3045")


def test_a_bound_token_needs_its_certificate(tokens, issuer, alice, bob):
    gateway = tokens(boundToCertificate=True)
    bound = issuer.token(cnf={"x5t#S256": thumbprint(alice)})
    assert ask(gateway, bearer(bound), credential=alice).status == 200
    assert ask(gateway, bearer(bound), credential=bob).code == "SP3042"
    assert ask(gateway, bearer(bound)).code == "SP3042"
    assert ask(gateway, bearer(bound), credential=alice).status == 200
    assert ask(gateway, bearer(issuer.token()), credential=alice).code == "SP3043"


# Keys of the issuer


def test_new_keys_are_fetched_once_when_a_token_names_one(tokens, issuer):
    gateway = tokens()
    assert ask(gateway, bearer(issuer.token())).status == 200
    issuer.keys.append(SigningKey("new"))
    fetches = issuer.fetches
    assert ask(gateway, bearer(issuer.token(2))).status == 200, "the request has waited for the key"
    assert issuer.fetches == fetches + 1
    for number in range(20):
        assert ask(gateway, bearer(SigningKey(f"made-up-{number}").token(issuer.claims()))).code == "SP3035"
    assert issuer.fetches == fetches + 1, "at most once in 30 seconds"


def test_without_keys_nobody_comes_in(tokens, issuer):
    issuer.fails = True
    gateway = tokens()
    gateway.gateway.wait_for("keys of an issuer not fetched")
    reply = ask(gateway, bearer(issuer.token()))
    assert (reply.status, reply.code) == (503, "SP3044")
    issuer.fails = False
    gateway.gateway.wait_for("keys of an issuer in use")
    assert ask(gateway, bearer(issuer.token())).status == 200
    issuer.fails = True
    assert ask(gateway, bearer(issuer.token())).status == 200, "keys that are there stay in use"


def test_another_issuers_document_is_not_believed(tokens, issuer):
    issuer.document = {"issuer": "https://id.example.org", "jwks_uri": f"{issuer.url}/keys"}
    gateway = tokens()
    gateway.gateway.wait_for("document of another issuer")
    assert ask(gateway, bearer(issuer.token())).code == "SP3044"
    assert issuer.fetches == 0


# Introspection


@pytest.fixture
def opaque(guarded, issuer, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret&")
    secret.chmod(0o600)
    return guarded(introspection={
        "url": f"{issuer.url}/introspect", "client": "gateway", "secret": f"file:{secret}", "issuer": issuer.url,
        "audience": ["orders"]})


def test_an_opaque_token_is_asked_about_once(opaque, issuer, upstream):
    issuer.known["abc"] = {"active": True, "aud": "orders", "sub": "alice", "exp": int(time.time()) + 300}
    issuer.known["stock"] = {"active": True, "aud": "stock"}
    issuer.known["other"] = {"active": True, "aud": "orders", "iss": "https://evil.example"}
    issuer.known["odd"] = {"active": "true", "aud": "orders"}
    assert ask(opaque).code == "SP3030"
    for _ in range(5):
        assert ask(opaque, bearer("abc")).status == 200
        assert ask(opaque, bearer("nobody")).code == "SP3046"
    assert [form for _, _, form in issuer.questions].count("token=abc&token_type_hint=access_token") == 1
    assert len(issuer.questions) == 2
    credentials = base64.b64encode(b"gateway:s3cret%26").decode()
    assert {authorization for _, authorization, _ in issuer.questions} == {f"Basic {credentials}"}
    assert ask(opaque, bearer("stock")).code == "SP3038"
    assert ask(opaque, bearer("other")).code == "SP3037"
    assert ask(opaque, bearer("odd")).code == "SP3047"
    assert ask(opaque, bearer("a&token=abc")).code == "SP3032"
    assert upstream.requests[-1].get("authorization") is None
    assert "s3cret" not in opaque.gateway.output and credentials not in opaque.gateway.output


def test_made_up_tokens_ask_no_more_than_their_address_may(opaque, issuer):
    issuer.known["abc"] = {"active": True, "aud": "orders"}
    assert ask(opaque, bearer("abc")).status == 200
    start = time.monotonic()
    with opaque.client(None) as client:
        codes = []
        while codes.count("SP3048") < 20 and len(codes) < 1000:
            codes.append(client.request(fields=[bearer(f"made-up-{len(codes)}")]).code)
    most = 101 + 10 * (time.monotonic() - start)
    assert set(codes) == {"SP3046", "SP3048"}
    assert codes[:50] == ["SP3046"] * 50 and codes.count("SP3046") <= most and len(issuer.questions) <= most + 1
    assert ask(opaque, bearer("abc")).status == 200, "what is known needs no question"


def test_without_an_answer_nobody_comes_in(opaque, issuer):
    issuer.known["abc"] = {"active": True, "aud": "orders"}
    issuer.fails = True
    reply = ask(opaque, bearer("abc"))
    assert (reply.status, reply.code) == (503, "SP3047")
    issuer.fails = False
    assert ask(opaque, bearer("abc")).status == 200


# Identities


def test_an_identity_by_token_and_by_both(guarded, issuer, alice, bob):
    identities = {
        "mobile": {"token": {"issuer": issuer.url, "audience": "orders", "claims": {"scope": "orders:read"}}},
        "both": {"commonName": "alice", "issuer": "test", "token": {"issuer": issuer.url}}}
    policy = {"jwt": {"issuer": issuer.url, "audience": ["orders"]}}
    gateway = guarded(identities=identities, allow=["mobile"], **policy)
    assert ask(gateway, bearer(issuer.token(scope="profile orders:read"))).status == 200
    assert ask(gateway, bearer(issuer.token(scope="orders:reader"))).code == "SP3001"
    assert ask(gateway, credential=alice).code == "SP3030"
    gateway = guarded(identities=identities, allow=["both"], **policy)
    assert ask(gateway, bearer(issuer.token()), credential=alice).status == 200
    assert ask(gateway, bearer(issuer.token()), credential=bob).code == "SP3001"
    assert ask(gateway, bearer(issuer.token())).code == "SP3001"


# API keys


def create(gateway, name, *options):
    return gateway.gateway.command("key", "create", name, *options).stdout.strip()


def eventually(check):
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline, "the gateway did not take it up"
        time.sleep(0.05)


def test_life_of_an_api_key(guarded, upstream):
    gateway = guarded(apiKeys=True)
    assert ask(gateway).code == "SP3030"
    key = create(gateway, "ci")
    assert key.startswith("sp_") and len(key) == 52
    eventually(lambda: ask(gateway, f"X-API-Key: {key}").status == 200)
    assert ask(gateway, bearer(key)).status == 200
    for request in upstream.requests[-2:]:
        assert request.get("x-api-key") is None and request.get("authorization") is None
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert ask(gateway, f"X-API-Key: {other}").code == "SP3050"
    assert ask(gateway, f"X-API-Key: {key}", bearer(key)).code == "SP3045"
    assert [entry["name"] for entry in json.loads(gateway.gateway.command("key", "list", "--json").stdout)] == ["ci"]
    gateway.gateway.command("key", "revoke", "ci")
    eventually(lambda: ask(gateway, f"X-API-Key: {key}").status == 401)
    assert ask(gateway, f"X-API-Key: {key}").code == "SP3050"
    for file in gateway.gateway.state.rglob("*.json"):
        assert key not in file.read_text()
    assert key not in gateway.gateway.output


def test_a_key_is_bound_to_an_identity(guarded, alice, bob):
    gateway = guarded(apiKeys=True)
    key = create(gateway, "ci", "--identity", "alice")
    eventually(lambda: ask(gateway, f"X-API-Key: {key}", credential=alice).status == 200)
    for credential in (bob, None):
        reply = ask(gateway, f"X-API-Key: {key}", credential=credential)
        assert (reply.status, reply.code) == (403, "SP3052")


def test_keys_are_there_at_the_start(guarded, edge, upstream):
    gateway = guarded(apiKeys=True, identities={"robot": {"apiKey": "ci"}}, allow=["robot"])
    good, other = create(gateway, "ci"), create(gateway, "other")
    eventually(lambda: ask(gateway, f"X-API-Key: {good}").status == 200)
    assert ask(gateway, f"X-API-Key: {other}").code == "SP3001"


# Conditions


def test_limits_count_by_claim_and_by_key(guarded, issuer):
    gateway = guarded(jwt={"issuer": issuer.url, "audience": ["orders"]},
                      rateLimit={"by": {"claim": "tenant"}, "rate": "1/hour", "burst": 2})
    a, b, none = issuer.token(tenant="a"), issuer.token(tenant="b"), issuer.token()
    assert [ask(gateway, bearer(token)).status for token in (a, a, a, b, b, b)] == [200, 200, 429, 200, 200, 429]
    assert [ask(gateway, bearer(none)).status for _ in range(3)] == [200, 200, 429], "the address stands in"
    gateway = guarded(apiKeys=True, rateLimit={"by": "key", "rate": "1/hour", "burst": 1})
    keys = [create(gateway, name) for name in ("one", "two")]
    eventually(lambda: ask(gateway, "X-API-Key: " + keys[1]).status == 200)
    assert [ask(gateway, "X-API-Key: " + key).status for key in (keys[0], keys[0], keys[1])] == [200, 429, 429]


def test_who_shares_a_name_is_counted_with_others_or_alone(edge, upstream, alice, bob):
    """`identity` is the name that both have in the configuration, `client` the certificate of each."""
    def answers(by):
        gateway = edge(
            upstream, identities={"staff": {"issuer": "test"}}, policies={"mine": {
                "rateLimit": {"by": by, "rate": "1/hour", "burst": 1}}},
            routes=[{"match": {"path": "/"}, "allow": ["staff"], "policies": ["mine"], "to": upstream.url}])
        return [ask(gateway, credential=one).status for one in (alice, bob, alice)]
    assert answers("identity") == [200, 429, 429]
    assert answers("client") == [200, 200, 429]


def test_the_access_log_says_who_asked(guarded, issuer):
    gateway = guarded(jwt={"issuer": issuer.url, "audience": ["orders"]}, allow=["mobile"],
                      identities={"mobile": {"token": {"issuer": issuer.url, "audience": "orders"}}})
    assert ask(gateway, bearer(issuer.token(sub="alice\n\"x" + "y" * 500))).status == 200
    line = gateway.gateway.access_line(lambda line: line.get("http.response.status_code") == 200)
    assert line["sallyport.caller"].startswith('mobile token:alice\n"xyyy') and len(line["sallyport.caller"]) < 160


def test_when_and_deny(guarded, alice):
    gateway = guarded(
        when="request.method in ['GET', 'HEAD'] and tls.version == 'TLSv1.3'",
        deny="request.path startsWith '/admin/' and not (identity.names contains 'alice')")
    assert ask(gateway).status == 200
    assert ask(gateway, method="DELETE").code == "SP3060"
    assert ask(gateway, path="/admin/x", credential=alice).status == 200
    assert ask(gateway, path="/admin/x").code == "SP3061", "nobody knows who this is"
    assert ask(gateway, path="/./admin//x").code == "SP3061"


def test_what_comes_twice_opens_nothing(guarded):
    gateway = guarded(when="request.header['x-team'] == 'orders'")
    assert ask(gateway, "X-Team: orders").status == 200
    for fields in ([], ["X-Team: stock"], ["X-Team: orders", "x-team: orders"], ["X-Team: orders", "Connection: x-team"]):
        assert ask(gateway, *fields).code == "SP3060", fields


def test_claims_decide(guarded, issuer):
    gateway = guarded(
        jwt={"issuer": issuer.url, "audience": ["orders"]},
        when="token.claim['realm']['roles'] contains 'buyer' and token.claim['level'] >= 2")
    assert ask(gateway, bearer(issuer.token(realm={"roles": ["buyer"]}, level=2))).status == 200
    for claims in ({}, {"realm": {"roles": ["buyer"]}}, {"realm": {"roles": "buyer"}, "level": 2}, {"realm": {"roles": ["buyers"]}, "level": 2},
                   {"realm": {"roles": ["buyer"]}, "level": "2"}, {"realm": {"roles": ["buyer"]}, "level": 1.9}):
        assert ask(gateway, bearer(issuer.token(**claims))).code == "SP3060", claims


def test_a_reload_holds_for_open_connections(guarded):
    gateway = guarded(when="request.method == 'GET'")
    with gateway.client(None) as client:
        assert client.request().status == 200
        gateway.configuration["policies"]["mine"]["when"] = "request.method == 'PUT'"
        gateway.gateway.write(gateway.configuration)
        gateway.gateway.command("reload")
        assert client.request().code == "SP3060"


def test_route_test_explains_a_condition(guarded):
    gateway = guarded(when="request.method == 'GET' or has(token)")
    done = gateway.gateway.command("route", "test", "DELETE", "/", "-c", gateway.gateway.file, check=False)
    assert done.returncode == 1
    assert "request.method == 'GET': does not hold (\"DELETE\")" in done.stdout
    assert "has(token): does not hold" in done.stdout and "SP3060" in done.stdout


# HTTP/2


def test_the_same_over_http2(guarded, issuer, upstream):
    gateway = guarded(
        jwt={"issuer": issuer.url, "audience": ["orders"]}, when="request.method == 'GET' and token.subject == 'alice'")
    client = HTTP2Client(gateway.port)
    try:
        def code(method="GET", token=None):
            reply = client.ask(method=method, fields=[("authorization", f"Bearer {token}")] if token else [])
            return 200 if reply.status == 200 else json.loads(reply.body)["code"]

        good = issuer.token()
        assert [code(), code(token=good), code("DELETE", good)] == ["SP3030", 200, "SP3060"]
        assert code(token=issuer.token(sub="bob")) == "SP3060"
        assert code(token=issuer.token(aud="stock")) == "SP3038"
        issuer.keys.append(SigningKey("new"))
        assert code(token=issuer.token(2)) == 200, "one stream waits, and goes on"
        assert upstream.requests[-1].get("authorization") is None
    finally:
        client.close()


def test_who_is_banned_may_not_come_with_a_key_either(guarded):
    gateway = guarded(
        apiKeys=True, identities={"robot": {"apiKey": "ci"}, "other": {"apiKey": "cd"}}, allow=["robot", "other"])
    robot, other = create(gateway, "ci"), create(gateway, "cd")
    eventually(lambda: ask(gateway, f"X-API-Key: {robot}").status == 200)
    eventually(lambda: ask(gateway, f"X-API-Key: {other}").status == 200)
    gateway.gateway.command("ban", "add", "robot", "--because", "x")
    assert ask(gateway, f"X-API-Key: {robot}").code == "SP4095"
    assert ask(gateway, f"X-API-Key: {other}").status == 200
    gateway.gateway.command("ban", "remove", "robot")
    assert ask(gateway, f"X-API-Key: {robot}").status == 200


# Tunnels end with what opened them


@pytest.fixture
def tunnelling(edge, serve, issuer):
    """A gateway that opens WebSockets for a token or an API key."""
    def echo(connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
        while True:
            connection.receive()
    upstream = serve(echo)

    def route(path, policy, identity):
        return {"match": {"path": path}, "allow": [identity], "policies": [policy], "to": upstream.url}
    return edge(
        upstream, tlsProfiles__edge__clientCertificates=ANYONE,
        policies={"tokens": {"jwt": {"issuer": issuer.url, "audience": ["orders"], "skew": "1s"}}, "keys": {"apiKeys": True}},
        identities={"mobile": {"token": {"issuer": issuer.url, "audience": "orders"}}, "robot": {"apiKey": "ci"}},
        routes=[route("/token", "tokens", "mobile"), route("/key", "keys", "robot")])


def opens(client, path, credential):
    """Whether a WebSocket opens."""
    client.send("\r\n".join([
        f"GET {path} HTTP/1.1", "Host: localhost", credential, "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]).encode())
    return client.read_head().status == 101


def test_a_ban_ends_the_tunnel_of_a_token(tunnelling, issuer):
    with tunnelling.client(None) as client:
        assert opens(client, "/token", bearer(issuer.token()))
        tunnelling.gateway.command("ban", "add", "mobile", "--because", "lost")
        assert client.is_closed(15)


def test_a_tunnel_ends_with_its_token(tunnelling, issuer):
    with tunnelling.client(None) as client, tunnelling.client(None) as other:
        assert opens(other, "/token", bearer(issuer.token()))
        assert opens(client, "/token", bearer(issuer.token(exp=int(time.time()) + 4)))
        assert client.is_closed(15)
        assert tunnelling.gateway.access_line(lambda line: line.get("sallyport.reason") == "SP3039")
        assert not other.is_closed(0.2), "its token is good"


def test_a_tunnel_over_http2_ends_with_its_token(tunnelling, issuer):
    with HTTP2Client(tunnelling.port, timeout=15) as client:
        stream = client.start([
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/token"),
            (":authority", "localhost"), ("sec-websocket-version", "13"),
            ("authorization", "Bearer " + issuer.token(exp=int(time.time()) + 4))], end=False)
        while not (client.streams.get(stream) and client.streams[stream].status):
            client.step()
        assert client.streams[stream].status == 200
        while not hasattr(client.streams[stream], "reset"):
            client.step()
        assert client.ask(path="/key").status == 401, "the connection stays for other streams"


def test_a_tunnel_ends_with_its_key(tunnelling):
    good = create(tunnelling, "ci")
    tunnelling.gateway.wait_for("API keys read", where=tunnelling.gateway.stderr)
    with tunnelling.client(None) as client:
        assert opens(client, "/key", f"X-API-Key: {good}")
        assert not client.is_closed(1.5)
        tunnelling.gateway.command("key", "revoke", "ci")
        assert client.is_closed(15)


def test_two_policies_may_wait_for_one_request(edge, upstream, issuer):
    other = Issuer()
    jwt = lambda one: {"jwt": {"issuer": one.url, "audience": ["orders"]}}
    one = edge(upstream, policies={"baseline": jwt(issuer), "mine": jwt(other)},
               routes=[{"match": {"path": "/"}, "allow": "anyone", "because": "the policy asks", "policies": ["mine"],
                        "to": upstream.url}], tlsProfiles__edge__clientCertificates=ANYONE)
    assert ask(one, bearer(issuer.token())).code == "SP3037", "good for the first, refused by the second, and not unavailable"
    other.close()
