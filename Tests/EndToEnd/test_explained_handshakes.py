"""Every failed handshake explains itself to the operator, and only to the operator.

Real peers provoke each failure; the log names the connection, and `sallyport explain` tells the rest."""

import json
import re
import socket
import ssl
import subprocess

import pytest
from OpenSSL import SSL

from clients import Client, context_for
from conftest import files
from test_handshake import BAD_CERTIFICATES, NOT_HANDSHAKES, handshake_is_refused, raw

CONNECTION = re.compile(r"hs-[0-9a-hjkmnp-tv-z]{10}")


def connection_of(gateway, code, mark):
    """The name of the connection in the log line that carries the code."""
    line = gateway.logged(code, since=mark)
    return CONNECTION.search(line)[0]


def explain(gateway, connection):
    explained = json.loads(gateway.command("explain", connection, "--json").stdout)
    assert explained["connection"] == connection
    return explained


def step(explained, name):
    return next(one for one in explained["steps"] if one["step"] == name)


def provoke(shared, code, act):
    mark = shared.gateway.mark()
    act()
    return explain(shared.gateway, connection_of(shared.gateway, code, mark))


def checks(tree):
    """Every check in a verdict tree, from the outside in."""
    found = list(tree["input"])
    pending = [tree["leaf"]] if tree.get("leaf") else []
    while pending:
        candidate = pending.pop()
        found += candidate["checks"]
        pending += candidate["issuers"]
    return found


# Certificates

FAILED_CHECK = {
    "expired": "validity", "not yet valid": "validity", "unknown issuer": "issuer", "wrong usage": "extended key usage",
    "no usage": "extended key usage", "too many intermediates": "depth", "beyond the path length": "path length",
    "issued by a leaf": "basic constraints", "an authority's own": "basic constraints",
    "RSA of 1,024 bits": "encoding", "unknown critical extension": "critical extensions",
    "a chain of 100 intermediates": "presented chain",
}


@pytest.mark.parametrize("kind", BAD_CERTIFICATES)
def test_a_bad_certificate(kind, shared, authority):
    code, make = BAD_CERTIFICATES[kind]
    explained = provoke(shared, code, lambda: handshake_is_refused(shared.port, make(authority)))
    assert explained["code"] == code and explained["outcome"] == "refused" and explained["fix"], explained
    assert step(explained, "clientHello")["facts"]["serverName"] == "localhost"
    if code == "SP2202":
        return  # chains beyond all bounds are not taken from the wire
    failed = [check for check in checks(explained["verification"]) if check["outcome"] == "failed"]
    assert any(check["reason"] == code for check in failed), explained["verification"]
    if kind in FAILED_CHECK:
        assert any(check["name"] == FAILED_CHECK[kind] for check in failed), failed


def test_the_picture_names_client_check_and_fix(shared, authority):
    mark = shared.gateway.mark()
    assert handshake_is_refused(shared.port, BAD_CERTIFICATES["expired"][1](authority))
    text = shared.gateway.command("explain", connection_of(shared.gateway, "SP2203", mark)).stdout
    for words in ("connection accepted", "ClientHello received", "✘ validity", "expired", "sallyport cert renew alice", "ms ├", "└ ✘"):
        assert words in text, text


def test_no_certificate(shared):
    def act():
        with pytest.raises((ssl.SSLError, OSError)), Client(shared.port) as client:
            client.request()

    explained = provoke(shared, "SP2001", act)
    assert "CN=Test Root" in str(step(explained, "refused")["facts"]["acceptedFrom"])


# What is no handshake


@pytest.mark.parametrize("kind", NOT_HANDSHAKES)
def test_not_a_handshake(kind, shared):
    code, make = NOT_HANDSHAKES[kind]
    explained = provoke(shared, code, lambda: raw(shared.port, make()))
    assert explained["code"] == code
    assert [one["step"] for one in explained["steps"]] == ["accepted", "refused"]


def test_plain_http(shared):
    explained = provoke(shared, "SP2020", lambda: raw(shared.port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    assert "https" in explained["fix"]


# What does not meet


def handshake(shared, context, server_name="localhost"):
    with pytest.raises((ssl.SSLError, OSError)), Client(shared.port, context=context, server_name=server_name) as client:
        client.request()


def test_unknown_name(shared, alice):
    explained = provoke(shared, "SP2106", lambda: handshake(shared, context_for(alice), "other.example"))
    facts = step(explained, "refused")["facts"]
    assert facts["clientAsksFor"] == "other.example" and "localhost" in facts["namesHere"]


def test_no_common_protocol(shared, alice):
    explained = provoke(shared, "SP2107", lambda: handshake(shared, context_for(alice, alpn=("smtp", "imap"))))
    assert step(explained, "refused")["facts"]["clientOffers"] == ["smtp", "imap"]


def s_client(shared, *arguments):
    subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{shared.port}", "-servername", "localhost", *arguments],
        input=b"", capture_output=True, timeout=20)


@pytest.mark.parametrize("code, offered, arguments", [
    ("SP2108", "TLS 1.1", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]),
    ("SP2109", "TLS_RSA_WITH_AES_128_CBC_SHA", ["-tls1_2", "-cipher", "AES128-SHA"]),
    ("SP2110", "P-521", ["-tls1_3", "-groups", "P-521"]),
])
def test_nothing_in_common(shared, code, offered, arguments):
    explained = provoke(shared, code, lambda: s_client(shared, *arguments))
    assert offered in step(explained, "refused")["facts"]["clientOffers"], explained
    assert step(explained, "refused")["facts"]["inCommon"] == []


def test_a_signature_that_our_key_cannot_make(shared):
    explained = provoke(shared, "SP2111", lambda: s_client(shared, "-tls1_3", "-sigalgs", "RSA-PSS+SHA256"))
    facts = step(explained, "refused")["facts"]
    assert "rsa_pss_rsae_sha256" in facts["clientOffers"] and facts["keysHere"] == ["ECDSA P-256"]


# What the client says


def test_a_client_that_does_not_trust_the_gateway(shared, tmp_path):
    def act():
        with pytest.raises(ssl.SSLError):
            context = ssl.create_default_context()
            with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
                context.wrap_socket(plain, server_hostname="localhost")

    explained = provoke(shared, "SP2301", act)
    assert "unknown_ca" in step(explained, "refused")["facts"]["clientSaid"]
    assert step(explained, "refused")["facts"]["itWasShown"] == "CN=localhost"


def test_a_client_that_looks_for_another_name(shared, authority):
    def act():
        context = context_for(authority=str(authority.file))
        context.hostname_checks_common_name = False
        with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
            # Asks for a name by address, so that no server name is sent, and finds it missing.
            context.wrap_socket(plain, server_hostname="127.0.0.9")

    explained = provoke(shared, "SP2302", act)
    assert "localhost" in step(explained, "refused")["facts"]["namesHere"]


def test_a_client_that_goes_away(shared):
    def act():
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context_for().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
            plain.sendall(outgoing.read())
            plain.recv(10)

    explained = provoke(shared, "SP2012", act)
    assert "ClientHello" in step(explained, "refused")["facts"]["gotAsFarAs"]


def test_a_client_that_stalls(shared):
    def act():
        with socket.create_connection(("127.0.0.1", shared.port), timeout=15) as plain:
            assert plain.recv(10) == b""

    mark = shared.gateway.mark()
    act()
    line = shared.gateway.logged("SP2013", since=mark)
    explained = explain(shared.gateway, CONNECTION.search(line)[0])
    assert step(explained, "refused")["microseconds"] > 1_000_000


# Who is told


def test_the_peer_learns_nothing(shared, authority):
    """Whatever the gateway sends to a refused client, no word of the explanation is in it."""
    code, make = BAD_CERTIFICATES["expired"]
    credential = make(authority)
    mark = shared.gateway.mark()
    received = b""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate_chain_file(str(credential.certificate_file))
    context.use_privatekey_file(str(credential.key_file))
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
        alerts = []
        is_alert = SSL.SSL_CB_ALERT | SSL.SSL_CB_READ
        context.set_info_callback(
            lambda _, where, value: alerts.append(value & 0xFF) if where & is_alert == is_alert else None)
        connection = SSL.Connection(context, None)
        connection.set_tlsext_host_name(b"localhost")
        connection.set_connect_state()
        while True:
            try:
                connection.do_handshake()
                connection.recv(1)
            except SSL.WantReadError:
                pass
            except SSL.Error:
                break
            with_data = b""
            try:
                with_data = connection.bio_read(65536)
            except SSL.WantReadError:
                pass
            if with_data:
                plain.sendall(with_data)
            data = plain.recv(65536)
            if not data:
                break
            received += data
            connection.bio_write(data)
    name = connection_of(shared.gateway, code, mark)
    for secret in (name, code, "expired", "alice", credential.serial):
        assert secret.encode() not in received
    # certificate_unknown says that it was the certificate, and no more.
    assert set(alerts) <= {46}, alerts


def test_a_reply_never_names_the_connection(shared, bob):
    with shared.client(bob) as client:
        reply = client.request()
    assert reply.status == 403
    assert not CONNECTION.search(reply.body.decode() + str(reply.fields))


# Commands


def test_status_counts_by_reason_and_names_the_latest(shared, authority):
    mark = shared.gateway.mark()
    before = {one["code"]: one["count"] for one in shared.gateway.status()["refusals"]}
    assert handshake_is_refused(shared.port, BAD_CERTIFICATES["expired"][1](authority))
    connection = connection_of(shared.gateway, "SP2203", mark)
    status = shared.gateway.status()
    after = {one["code"]: one["count"] for one in status["refusals"]}
    assert after["SP2203"] == before.get("SP2203", 0) + 1
    latest = status["latestRefusals"][0]
    assert latest["connection"] == connection and latest["code"] == "SP2203" and latest["subject"] == "CN=alice"
    text = shared.gateway.command("status").stdout
    assert connection in text and "SP2203 The certificate has expired" in text


def test_an_unknown_connection(shared):
    done = shared.gateway.command("explain", "hs-0000000000", check=False)
    assert done.returncode == 1 and "no longer" in done.stderr and not done.stdout


def test_without_a_gateway(tmp_path):
    from gateway import sallyport
    done = sallyport("explain", "hs-0000000000", state=tmp_path, check=False)
    assert done.returncode == 1 and "no gateway is running" in done.stderr


def test_a_sample_of_good_handshakes_can_be_explained(edge, serve, alice):
    one = edge(serve())
    with one.client(alice) as client:
        assert client.request().status == 200
    connections = one.gateway.status()["sampledHandshakes"]
    assert len(connections) == 1
    explained = explain(one.gateway, connections[0])
    assert explained["outcome"] == "finished"
    facts = step(explained, "finished")["facts"]
    assert "TLS 1.3" in facts["agreedOn"] and facts["client"] == "alice"


def test_what_was_refused_is_explained_by_the_rules_of_its_time(edge, serve, alice, authority, tmp_path):
    """After a reload that trusts another authority, the older refusal still reads as it was."""
    one = edge(serve())
    mark = one.gateway.mark()
    assert handshake_is_refused(one.port, BAD_CERTIFICATES["expired"][1](authority))
    connection = connection_of(one.gateway, "SP2203", mark)
    from certificates import Authority
    one.change("pki__authorities__test__file", str(Authority(tmp_path, "Another Root").file))
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    assert any(check["reason"] == "SP2203" for check in checks(explain(one.gateway, connection)["verification"])
               if check["outcome"] == "failed")
