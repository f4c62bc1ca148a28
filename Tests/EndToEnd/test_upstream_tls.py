"""The gateway proves the other end too: authority, name, and its own certificate where it is asked for one."""

import ssl

import pytest

from certificates import HOUR, SERVER, Authority, now


@pytest.fixture(scope="module")
def internal(tmp_path_factory):
    """The authority of the upstreams: another one than that of the clients."""
    return Authority(tmp_path_factory.mktemp("internal"), "Internal Root")


def tls_server(credential, *, clients=None, versions=ssl.TLSVersion.TLSv1_2):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = versions
    context.load_cert_chain(credential.certificate_file, credential.key_file)
    context.set_alpn_protocols(["http/1.1"])
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.file)
    return context


def secured(edge, authority, internal, upstream, *, scheme=None, **tls):
    settings = {"trust": ["internal"], **tls}
    return edge(
        upstream,
        pki={"authorities": {"test": {"file": str(authority.file)}, "internal": {"file": str(internal.file)}}},
        upstreams={"service": {"targets": [f"{scheme}://127.0.0.1:{upstream.port}" if scheme else upstream.url], "tls": settings, "timeouts": {"connect": "2s", "request": "2s", "idle": "2s"}}},
        routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])


def test_right_name(edge, serve, authority, internal, alice):
    upstream = serve(tls=tls_server(internal.issue("orders", usage=SERVER, names=["orders.internal"])))
    one = secured(edge, authority, internal, upstream, name="orders.internal")
    with one.client(alice) as client:
        assert [client.request().status for _ in range(3)] == [200] * 3
    assert len(upstream.connections) == 1


def test_an_address_as_name(edge, serve, authority, internal, alice):
    upstream = serve(tls=tls_server(internal.issue("orders", usage=SERVER, names=["127.0.0.1"])))
    one = secured(edge, authority, internal, upstream)
    with one.client(alice) as client:
        assert client.request().status == 200


def test_the_name_is_sent(edge, serve, authority, internal, alice):
    seen = []
    context = tls_server(internal.issue("orders", usage=SERVER, names=["orders.internal"]))
    context.sni_callback = lambda connection, name, _: seen.append(name)
    one = secured(edge, authority, internal, serve(tls=context), name="orders.internal")
    with one.client(alice) as client:
        assert client.request().status == 200
    assert seen == ["orders.internal"]


REFUSED = {
    "another name": ("SP5012", lambda ca, other: ca.issue("orders", usage=SERVER, names=["other.internal"])),
    "a name that only ends alike": ("SP5012", lambda ca, other: ca.issue("orders", usage=SERVER, names=["evilorders.internal"])),
    "only a common name": ("SP5012", lambda ca, other: ca.issue("orders.internal", usage=SERVER)),
    "another authority": ("SP5010", lambda ca, other: other.issue("orders", usage=SERVER, names=["orders.internal"])),
    "expired": ("SP5011", lambda ca, other: ca.issue(
        "orders", usage=SERVER, names=["orders.internal"], start=now() - 2 * HOUR, end=now() - HOUR)),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_upstream(kind, edge, serve, authority, internal, alice):
    """No request goes to a server that is not the right one."""
    code, make = REFUSED[kind]
    upstream = serve(tls=tls_server(make(internal, authority)))
    one = secured(edge, authority, internal, upstream, name="orders.internal")
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (502, code), reply
    assert upstream.requests == []
    one.gateway.access_line(lambda line: line.get("sallyport.reason") == code)


def test_a_client_certificate_for_a_server(edge, serve, authority, internal, alice):
    upstream = serve(tls=tls_server(internal.issue("orders", names=["orders.internal"])))
    one = secured(edge, authority, internal, upstream, name="orders.internal")
    with one.client(alice) as client:
        reply = client.request()
        assert reply.status == 502 and reply.code in ("SP5010", "SP5014"), reply
    assert upstream.requests == []


def test_own_certificate(edge, serve, authority, internal, alice):
    """Mutual on this side as well."""
    seen = []

    def behaviour(connection):
        while True:
            connection.read_request()
            seen.append(dict(pair[0] for pair in connection.socket.getpeercert()["subject"])["commonName"])
            connection.reply()
    own = internal.issue("gateway")
    upstream = serve(behaviour, tls=tls_server(internal.issue("orders", usage=SERVER, names=["orders.internal"]), clients=internal))
    one = secured(edge, authority, internal, upstream, name="orders.internal", present={
        "certificate": str(own.certificate_file), "key": f"file:{own.key_file}"})
    with one.client(alice) as client:
        assert client.request().status == 200
    assert seen == ["gateway"]


@pytest.mark.parametrize("minimum", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_own_certificate_missing(minimum, edge, serve, authority, internal, alice):
    upstream = serve(tls=tls_server(
        internal.issue("orders", usage=SERVER, names=["orders.internal"]), clients=internal, versions=minimum))
    one = secured(edge, authority, internal, upstream, name="orders.internal")
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (502, "SP5013"), reply
    assert upstream.requests == []


def test_plain_text_where_tls_is_expected(edge, serve, authority, internal, alice):
    def behaviour(connection):
        connection.receive()
        connection.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    upstream = serve(behaviour)
    one = secured(edge, authority, internal, upstream, scheme="https")
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (502, "SP5015"), reply
    assert upstream.requests == []
