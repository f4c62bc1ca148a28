"""Credential by certificate by route by method: each answer, over HTTP/1.1 and HTTP/2."""

import itertools
import re
import time
from pathlib import Path

import pytest

from http2_client import HTTP2Client
from issuer import Issuer, SigningKey, encode
from test_callers import ANYONE, create, eventually, thumbprint

REASONS = Path(__file__).parents[2] / "docs" / "reference" / "reasons.md"

CERTIFICATES = ["none", "alice", "bob"]
METHODS = ["GET", "POST", "DELETE"]
CREDENTIALS = ["none", "token", "plain token", "expired", "tampered", "foreign", "bound", "key", "bound key",
               "unknown key", "token and key"]
#: What is asked at each route, beside `allow`.
ROUTES = ["open", "alice", "token", "both", "key", "bound", "condition"]


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def gateway(edge, serve, issuer):
    upstream = serve()
    jwt = {"issuer": issuer.url, "audience": ["orders"]}
    policies = {
        "token": {"jwt": jwt}, "key": {"apiKeys": True}, "bound": {"jwt": {**jwt, "boundToCertificate": True}},
        "condition": {"when": "has(certificate) and certificate.commonName != 'bob'", "deny": "request.method == 'POST'"},
        "reading": {"methods": ["GET", "POST"]}}
    identities = {
        "alice": {"commonName": "alice", "issuer": "test"},
        "mobile": {"token": {"issuer": issuer.url, "claims": {"scope": "orders:read"}}},
        "both": {"commonName": "alice", "issuer": "test", "token": {"issuer": issuer.url}},
        "robot": {"apiKey": "ci"}}

    def route(name, allow, *under):
        because = {"because": "the policy asks"} if allow == "anyone" else {}
        policies = {"policies": [*under]} if under else {}
        return {"match": {"path": f"/{name}"}, "allow": allow, **because, **policies, "to": upstream.url}
    return edge(
        upstream, policies=policies, identities=identities, tlsProfiles__edge__clientCertificates=ANYONE, routes=[
            route("open", "anyone"), route("alice", ["alice"], "reading"), route("token", ["mobile"], "token", "reading"),
            route("both", ["both"], "token"), route("key", ["robot"], "key"), route("bound", "anyone", "bound"),
            route("condition", "anyone", "condition")])


@pytest.fixture
def credentials(gateway, issuer, alice):
    """The fields of each credential."""
    def bearer(token):
        return [("authorization", f"Bearer {token}")]

    def key(text):
        return [("x-api-key", text)]
    token = issuer.token(scope="orders:read")
    keys = {name: create(gateway, name, *options) for name, *options in [("ci",), ("cd", "--identity", "alice")]}
    fields = {
        "none": [], "token": bearer(token), "plain token": bearer(issuer.token()),
        "expired": bearer(issuer.token(exp=int(time.time()) - 61)),
        "tampered": bearer(token[:-6] + encode(b"1234")), "foreign": bearer(SigningKey("one").token(issuer.claims())),
        "bound": bearer(issuer.token(cnf={"x5t#S256": thumbprint(alice)}, scope="orders:read")),
        "key": key(keys["ci"]), "bound key": key(keys["cd"]), "unknown key": key("sp_" + "0" * 49),
        "token and key": bearer(token) + key(keys["ci"])}
    with gateway.client(alice) as client:
        eventually(lambda: client.request(path="/key", fields=[f"X-API-Key: {keys['ci']}"]).status == 200)
    return fields


def expected(route, certificate, credential, method):
    """(status, code), written down from the documentation and not from the code."""
    has_token = credential in ("token", "plain token", "expired", "tampered", "foreign", "bound", "token and key")
    if route in ("alice", "token") and method == "DELETE":
        return 405, "SP3012"
    if route in ("token", "both", "bound"):
        if not has_token:
            # A key is no token, and is not looked at where no policy takes keys.
            return 401, "SP3030"
        if credential == "expired":
            return 401, "SP3039"
        if credential in ("tampered", "foreign"):
            # What a token says is looked at before its signature, which costs more.
            return 401, "SP3043" if route == "bound" else "SP3036"
        if credential == "bound" and certificate != "alice":
            return 401, "SP3042"
        if route == "bound" and credential != "bound":
            return 401, "SP3043"
        scoped = credential in ("token", "bound", "token and key")
        allowed = {"token": scoped, "both": certificate == "alice", "bound": True}[route]
        return (200, None) if allowed else (403, "SP3001")
    if route == "key":
        if credential == "unknown key":
            return 401, "SP3050"
        if credential == "bound key" and certificate != "alice":
            return 403, "SP3052"
        if credential not in ("key", "bound key", "token and key"):
            return 401, "SP3030"
        return (403, "SP3001") if credential == "bound key" else (200, None)
    if route == "alice":
        # Tokens and keys count for nothing where no policy asks for them.
        return {"alice": (200, None), "bob": (403, "SP3001"), "none": (403, "SP3002")}[certificate]
    if route == "condition":
        if certificate != "alice":
            return 403, "SP3060"
        return (403, "SP3061") if method == "POST" else (200, None)
    return 200, None


def documented():
    """The status of each reason in the reference."""
    entries = re.findall(r"^## (SP\d+):(.*?)(?=^## |\Z)", REASONS.read_text(), re.MULTILINE | re.DOTALL)
    found = {code: re.search(r"HTTP status (\d+)", text) for code, text in entries}
    return {code: int(status[1]) for code, status in found.items() if status}


class Over1:
    """One connection of HTTP/1.1 for all requests of one certificate."""

    def __init__(self, port, credential, gateway):
        self.client = gateway.client(credential)

    def ask(self, method, path, fields):
        return self.client.request(method, path, fields=[f"{name}: {value}" for name, value in fields])

    def close(self):
        self.client.close()


class Over2:
    def __init__(self, port, credential, gateway):
        self.client = HTTP2Client(port, credential)

    def ask(self, method, path, fields):
        return self.client.ask(method=method, path=path, fields=fields)

    def close(self):
        self.client.close()


@pytest.mark.parametrize("protocol", [Over1, Over2], ids=["HTTP/1.1", "HTTP/2"])
def test_every_row(gateway, credentials, alice, bob, protocol):
    statuses, wrong, rows = documented(), [], 0
    for certificate, credential in [("none", None), ("alice", alice), ("bob", bob)]:
        client = protocol(gateway.port, credential, gateway)
        for route, name, method in itertools.product(ROUTES, CREDENTIALS, METHODS):
            reply = client.ask(method, f"/{route}", credentials[name])
            code = None if reply.status == 200 else reply.code
            rows += 1
            if (reply.status, code) != expected(route, certificate, name, method):
                wrong.append((route, certificate, name, method, reply.status, code))
            if code:
                assert statuses[code] == reply.status, f"{code} is documented as {statuses[code]}"
            challenge = reply.get("www-authenticate")
            assert (challenge is not None) == (reply.status == 401), (code, challenge)
        client.close()
    assert rows == len(CERTIFICATES) * len(ROUTES) * len(CREDENTIALS) * len(METHODS) == 693
    assert wrong == [], wrong
