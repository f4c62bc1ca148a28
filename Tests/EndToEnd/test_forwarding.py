"""What the upstream is told: about the client, about the certificate, and nothing that a client made up."""

import base64
import hashlib
import re
import socket
import threading
import urllib.parse

import pytest
from cryptography import x509

import certificates
from certificates import Authority, der
from conftest import files
from gateway import free_port

FORGED = {
    "Client-Cert": ":Zm9yZ2Vk:", "Client-Cert-Chain": ":Zm9yZ2Vk:", "X-Forwarded-Client-Cert": "By=forged;Subject=\"CN=admin\"",
    "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "forged.test", "X-Forwarded-Port": "66613",
    "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6;host=forged", "X-Request-Id": "forged-request-id",
    "X-Forwarded-Prefix": "/forged", "X-Forwarded-User": "forged",
}


def route(upstream, **more):
    return [{"match": {"path": "/"}, "allow": ["alice"], "to": upstream.url, **more}]


@pytest.fixture
def told(edge, serve, alice):
    """Sends one request through a gateway that tells the upstream everything; yields what arrived."""
    upstream = serve()
    one = edge(upstream, routes=route(upstream, forward={"clientCertificate": ["rfc9440", "xfcc"]}))

    def ask(credential=alice, **request):
        with one.client(credential) as client:
            reply = client.request(**request)
        assert reply.status == 200, reply
        return upstream.requests[-1]

    ask.edge = one
    return ask


def test_forged_fields_do_not_arrive(told):
    request = told(fields=[f"{name}: {value}" for name, value in FORGED.items()])
    for value in ("forged", "6.6.6.6", "gopher", "66613", "Zm9yZ2Vk"):
        assert value not in request.raw_head.decode("latin-1")


@pytest.mark.parametrize("spelling", ["Client_Cert", "X_Forwarded_For", "x-forwarded_client-cert", "CLIENT-CERT", "cLiEnT-cErT"])
def test_no_spelling_of_a_forged_field_arrives(told, spelling):
    """A CGI-like upstream takes `_` and `-` for the same."""
    request = told(fields=[f"{spelling}: forged"])
    assert b"forged" not in request.raw_head


@pytest.mark.parametrize("named", ["client-cert", "x-forwarded-for", "Host", "content-length", "authorization", "cookie", "x-forwarded-client-cert, via"])
def test_a_client_cannot_have_fields_removed(told, named):
    request = told(method="POST", body=b"hello", fields=[
        f"Connection: keep-alive, {named}", "Authorization: Bearer t", "Cookie: a=b"])
    assert request.get("client-cert") and request.get("x-forwarded-for") and request.get("host")
    assert request.get("x-forwarded-client-cert") and request.get("via")
    assert request.get("authorization") == "Bearer t" and request.get("cookie") == "a=b"
    assert request.body == b"hello"


def test_hop_by_hop_fields_stay_here(told):
    request = told(fields=[
        "Connection: keep-alive, X-Private", "X-Private: secret", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
        "TE: trailers", "Trailer: X-T", "Upgrade: h2c", "Proxy-Authorization: Basic eDp5", "X-Public: shown"])
    for name in ("x-private", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "proxy-authorization"):
        assert not request.all(name), request.raw_head
    assert request.get("x-public") == "shown"


def test_who_and_where(told):
    request = told(path="/a?b=c")
    assert request.get("x-forwarded-for") == "127.0.0.1"
    assert request.get("x-forwarded-proto") == "https"
    assert request.get("x-forwarded-host") == "localhost"
    forwarded = dict(part.split("=", 1) for part in request.get("forwarded").split(";"))
    assert forwarded["for"].strip('"').startswith("127.0.0.1") and forwarded["proto"] == "https", forwarded
    assert re.fullmatch(r"1\.1 \S+", request.get("via"))
    assert re.fullmatch(r"[A-Za-z0-9-]{16,}", request.get("x-request-id"))
    assert request.target == "/a?b=c"


def test_via_is_kept_and_added_to(told):
    values = ", ".join(told(fields=["Via: 1.0 fred"]).all("via"))
    assert re.fullmatch(r"1\.0 fred, 1\.1 \S+", values), values


def test_rfc9440_carries_the_certificate(told, authority):
    """`Client-Cert` is the leaf, `Client-Cert-Chain` what is above it, the anchor left out; both as byte sequences."""
    credential = Authority(authority.folder, "Middle", issuer=authority).issue("alice")
    request = told(files(credential))
    assert decode(request.get("client-cert")) == der(credential.leaf)
    assert [decode(item) for item in request.get("client-cert-chain").split(",")] == [der(credential.chain[1])]


def decode(item):
    item = item.strip()
    assert item[0] == item[-1] == ":", item
    return base64.b64decode(item[1:-1], validate=True)


def test_xfcc_is_what_envoy_writes(told, authority):
    credential = authority.issue("alice", uris=["spiffe://test/alice"], names=["alice.test", "also.test"])
    parts = xfcc(told(files(credential)).get("x-forwarded-client-cert"))
    assert parts["Hash"] == [hashlib.sha256(der(credential.leaf)).hexdigest()]
    assert parts["Subject"] == ["CN=alice"]
    assert parts["URI"] == ["spiffe://test/alice"]
    assert parts["DNS"] == ["alice.test", "also.test"]


def xfcc(text):
    """Reads one element: pairs separated by `;`, values quoted where they need it."""
    pairs = re.findall(r'([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^;,]*)(?:;|$)', text)
    assert ";".join(f"{key}={value}" for key, value in pairs) == text, text
    found = {}
    for key, value in pairs:
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.setdefault(key, []).append(urllib.parse.unquote(value) if key in ("Cert", "Chain") else value)
    return found


@pytest.mark.parametrize("subject", ['quo"te', "semi;colon", "com,ma", "equal=s", "back\\slash", 'x";URI="spiffe://forged'])
def test_a_subject_cannot_break_out_of_its_quotes(edge, serve, authority, subject):
    """The authority vouches for a strange subject; the header must still say one thing."""
    upstream = serve()
    one = edge(
        upstream, identities={"someone": {"issuer": "test", "organization": "Odd"}},
        routes=[{"match": {"path": "/"}, "allow": ["someone"], "to": upstream.url, "forward": {"clientCertificate": ["xfcc"]}}])
    credential = authority.issue("odd", subject=certificates.name(subject, organization="Odd"))
    with one.client(files(credential)) as client:
        assert client.request().status == 200
    parts = xfcc(upstream.requests[-1].get("x-forwarded-client-cert"))
    assert set(parts) <= {"By", "Hash", "Subject", "Cert", "Chain"}, parts
    assert len(parts["Subject"]) == 1


def test_no_certificate_fields_unless_asked_for(shared, alice):
    with shared.client(alice) as client:
        client.request(fields=["Client-Cert: :Zm9yZ2Vk:"])
    request = shared.upstream.requests[-1]
    assert not request.all("client-cert") and not request.all("x-forwarded-client-cert")


def test_the_certificate_is_the_one_of_this_connection(told, authority, alice):
    """Connections to the upstream are shared between clients; what is said about them is not."""
    other = authority.issue("alice")
    first, second, third = told(alice), told(files(other)), told(alice)
    assert decode(first.get("client-cert")) == decode(third.get("client-cert")) != decode(second.get("client-cert"))
    assert decode(second.get("client-cert")) == der(other.leaf)
    with open(alice[0], "rb") as file:
        assert decode(first.get("client-cert")) == der(x509.load_pem_x509_certificate(file.read()))


# Replies


def test_hop_by_hop_fields_of_the_reply_stay_there(edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.reply(fields=[
            "Connection: X-Private, close", "X-Private: secret", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "Upgrade: h2c",
            "Set-Cookie: a=b", "Set-Cookie: c=d"])
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        reply = client.request()
        for name in ("x-private", "keep-alive", "proxy-authenticate", "upgrade"):
            assert not reply.all(name), reply
        assert reply.all("set-cookie") == ["a=b", "c=d"]
        assert client.request().status == 200, "the upstream's close is not the client's"


def test_head(edge, serve, alice):
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    upstream = serve(behaviour)
    one = edge(upstream)
    with one.client(alice) as client:
        for _ in range(3):
            reply = client.request("HEAD")
            assert (reply.status, reply.get("content-length"), reply.body) == (200, "1000000", b"")
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_replies_without_a_body(edge, serve, alice, status):
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(f"HTTP/1.1 {status}\r\nETag: \"x\"\r\n\r\n".encode())
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        for _ in range(2):
            reply = client.request()
            assert reply.status == int(status[:3]) and reply.get("etag") == '"x"'
            assert not reply.all("transfer-encoding")


def test_a_reply_until_close_becomes_chunks(edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        for _ in range(2):
            reply = client.request()
            assert reply.body == b"until the end" and reply.complete
            assert reply.get("transfer-encoding") == "chunked"


def test_chunks_come_through(edge, serve, alice):
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-T: t\r\n\r\n")
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        for _ in range(2):
            assert client.request().body == b"hello world"


def test_events_are_not_held_back(edge, serve, alice):
    """A server-sent event is there when it is sent, not when the reply ends."""
    go = threading.Event()

    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
        go.wait(10)
        connection.send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"data: 1\n\n")
        go.set()
        client.read_until(b"data: 2\n\n")


def test_http_1_0_client_gets_no_chunks(edge, serve, alice):
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        reply = client.read_reply()
        assert reply.body == b"hello" and not reply.all("transfer-encoding")
        assert client.is_closed()


def test_100_continue(edge, serve, alice):
    """The client waits for 100 before it sends the body, and gets one final reply."""
    one = edge(serve())
    with one.client(alice, timeout=5) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert client.read_head().status == 100
        client.send(b"hello")
        assert client.read_reply().status == 200
        assert client.request().status == 200
    assert one.upstream.requests[0].body == b"hello" and not one.upstream.requests[0].all("expect")


def test_100_continue_refused_at_once(edge, serve, bob):
    """Who may not send is told so instead of 100."""
    one = edge(serve())
    with one.client(bob, timeout=5) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert client.read_reply().status == 403
    assert one.upstream.requests == []


def test_early_hints_are_not_mistaken_for_the_reply(edge, serve, alice):
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        for _ in range(2):
            reply = client.request()
            assert (reply.status, reply.body) == (200, b"ok")


# Routes and hosts


def test_host_and_server_name_must_agree(shared, alice):
    """A host that the certificate does not bear is not served under another name; one that it bears, under the same rules, is."""
    before = len(shared.upstream.requests)
    with shared.client(alice, server_name="localhost") as client:
        reply = client.request(host="other.test")
        assert (reply.status, reply.code) == (421, "SP3004")
        assert len(shared.upstream.requests) == before
        assert client.request(host="api.test").status == 200


def test_routing(edge, serve, alice):
    """Host, path, method and header; the most specific route decides; what no route matches is 404."""
    servers = {name: serve() for name in ("host", "wild", "exact", "prefix", "header", "post", "rest")}

    def to(name, **match):
        return {"name": name, "match": match, "allow": ["alice"], "to": servers[name].url}
    one = edge(routes=[
        to("rest", host="localhost", path="/api/*"), to("prefix", host="localhost", path="/api/v1/*"),
        to("exact", host="localhost", path="/api/v1/exact"), to("header", host="localhost", path="/api/*", headers={"x-version": "2"}),
        to("post", host="localhost", path="/only", methods=["POST"]), to("host", host="api.test", path="/"),
        to("wild", host="*.wild.test", path="/")])
    expected = [
        ("localhost", "GET", "/api", [], "rest"), ("localhost", "GET", "/api/", [], "rest"), ("localhost", "GET", "/api/x", [], "rest"),
        ("localhost", "GET", "/api/v1/x", [], "prefix"), ("localhost", "GET", "/api/v1/exact", [], "exact"),
        ("localhost", "GET", "/api/x", ["X-Version: 2"], "header"), ("localhost", "GET", "/api/x", ["X-Version: 3"], "rest"),
        ("localhost", "POST", "/only", [], "post"), ("api.test", "GET", "/", [], "host"), ("a.wild.test", "GET", "/x", [], "wild"),
        ("localhost", "GET", "/apix", [], "SP3003"), ("localhost", "GET", "/API/x", [], "SP3003"), ("localhost", "GET", "/", [], "SP3003"),
        ("localhost", "GET", "/only", [], "SP3005")]
    for host, method, path, fields, where in expected:
        counts = {name: len(server.requests) for name, server in servers.items()}
        with one.client(alice, server_name=host) as client:
            reply = client.request(method, path, fields, host=host)
        reached = [name for name, server in servers.items() if len(server.requests) > counts[name]]
        assert reached == ([where] if where in servers else []), (host, method, path, fields, reached, where)
        assert reply.status == 200 or reply.code == where, (host, method, path, fields, where, reply)
        if where == "SP3005":
            assert reply.get("allow") == "POST"


def test_strip_prefix(edge, serve, alice):
    upstream = serve()
    one = edge(upstream, routes=[
        {"match": {"path": "/orders/*"}, "allow": ["alice"], "forward": {"stripPrefix": "/orders"}, "to": upstream.url}])
    with one.client(alice) as client:
        for sent, arrived in {"/orders/17?x=y": "/17?x=y", "/orders": "/", "/orders/": "/", "/orders/a/../b": "/b"}.items():
            assert client.request(path=sent).status == 200
            assert upstream.requests[-1].target == arrived


def test_refusals_look_the_same_to_those_outside(shared, bob):
    """Not more than code, title, status and request id; nothing about routes, upstreams or certificates."""
    with shared.client(bob) as client:
        reply = client.request()
    assert (reply.status, reply.code) == (403, "SP3001")
    text = reply.body.decode() + str(reply.fields)
    for secret in (str(shared.upstream.port), "bob", "alice", "CN=", "route"):
        assert secret not in text, text
    assert not reply.all("server") or not re.search(r"\d", reply.get("server"))


def test_redirect_listener(edge, serve, alice):
    plain = free_port()
    one = edge(serve(), listeners__plain={"address": f"127.0.0.1:{plain}", "redirectToHTTPS": True})
    with socket.create_connection(("127.0.0.1", plain), timeout=5) as client:
        client.sendall(b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = client.recv(4096).decode("latin-1")
    assert answer.startswith("HTTP/1.1 308 "), answer
    location = re.search(r"(?im)^location: (\S+)\r?$", answer)[1]
    assert re.fullmatch(rf"https://localhost(:{one.port})?/a\?b=c", location), location
    assert one.upstream.requests == []
