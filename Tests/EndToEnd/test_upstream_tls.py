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


def subject_of(connection):
    """The common name that the gateway presented on this connection; None without a certificate."""
    certificate = connection.socket.getpeercert()
    return dict(pair[0] for pair in certificate["subject"])["commonName"] if certificate else None


def naming_the_peer(connection):
    """Answers with the certificate that the connection was opened with."""
    name = subject_of(connection) or "nobody"
    while True:
        connection.read_request()
        connection.reply(name.encode())


def asking_server(internal):
    """Takes clients of `internal` and those without a certificate."""
    context = tls_server(internal.issue("orders", usage=SERVER, names=["orders.internal"]), clients=internal)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def presented(credential):
    return {"certificate": str(credential.certificate_file), "key": f"file:{credential.key_file}"}


def identities_to_one_target(edge, authority, internal, upstream, own):
    """One route and one upstream for each way to present oneself, all to the same address and name."""
    def settings(credential):
        present = {"present": presented(credential)} if credential else {}
        return {"targets": [upstream.url], "timeouts": {"connect": "5s", "request": "5s", "idle": "30s"},
                "tls": {"trust": ["internal"], "name": "orders.internal", **present}}
    return edge(
        upstream,
        pki={"authorities": {"test": {"file": str(authority.file)}, "internal": {"file": str(internal.file)}}},
        upstreams={name: settings(credential) for name, credential in own.items()},
        routes=[{"match": {"path": f"/{name}"}, "allow": ["alice"], "to": name} for name in own])


def test_connections_are_not_shared_between_identities(edge, serve, authority, internal, alice):
    upstream = serve(naming_the_peer, tls=asking_server(internal))
    own = {"first": internal.issue("gateway-one"), "second": internal.issue("gateway-two"), "bare": None}
    one = identities_to_one_target(edge, authority, internal, upstream, own)
    expected = {"first": b"gateway-one", "second": b"gateway-two", "bare": b"nobody"}
    with one.client(alice) as client:
        for _ in range(3):
            for name, body in expected.items():
                reply = client.request(path=f"/{name}")
                assert (reply.status, reply.body) == (200, body), (name, reply)
    served = sorted(connection.served for connection in upstream.connections)
    assert sum(served) == 9 and len(served) >= 3, served
    assert max(served) >= 2, "each identity keeps its own connections"


def test_a_reload_ends_the_use_of_connections_with_the_old_certificate(edge, serve, authority, internal, alice):
    upstream = serve(naming_the_peer, tls=asking_server(internal))
    old, new = internal.issue("gateway-old"), internal.issue("gateway-new")
    one = identities_to_one_target(edge, authority, internal, upstream, {"first": old})
    with one.client(alice) as client, one.client(alice) as other:
        for each in (client, other, client):
            assert each.request(path="/first").body == b"gateway-old"
        for credential, body in ((new, b"gateway-new"), (None, b"nobody"), (old, b"gateway-old")):
            tls = {"trust": ["internal"], "name": "orders.internal"}
            one.change("upstreams__first__tls", tls | ({"present": presented(credential)} if credential else {}))
            one.gateway.write(one.configuration)
            one.gateway.command("reload")
            for each in (client, other, client):
                reply = each.request(path="/first")
                assert (reply.status, reply.body) == (200, body), reply


def test_a_new_certificate_in_the_same_files_is_taken_up(edge, serve, authority, internal, alice):
    """The configuration is the same text as before."""
    upstream = serve(naming_the_peer, tls=asking_server(internal))
    old, new = internal.issue("gateway-old"), internal.issue("gateway-new")
    one = identities_to_one_target(edge, authority, internal, upstream, {"first": old})
    files = old.certificate_file, old.key_file
    with one.client(alice) as client:
        assert client.request(path="/first").body == b"gateway-old"
        files[0].write_bytes(new.certificate_file.read_bytes())
        files[1].write_bytes(new.key_file.read_bytes())
        one.gateway.command("reload")
        assert [client.request(path="/first").body for _ in range(3)] == [b"gateway-new"] * 3
