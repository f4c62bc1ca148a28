"""Versions, groups, suites and signature algorithms that the listener offers, seen from outside."""

import re
import socket
import subprocess

import pytest
from OpenSSL import SSL

from certificates import self_signed
from clients import Client, Closed, context_for
from conftest import files


def s_client(port, *options, credential=None):
    certificate = ["-cert", credential[0], "-key", credential[1]] if credential else []
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", *certificate, *options],
        input="GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


@pytest.mark.parametrize("option, version", [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")])
def test_versions_that_are_offered(shared, alice, option, version):
    text = s_client(shared.port, option, "-ign_eof", credential=alice)
    assert f"New, {version}" in text and "HTTP/1.1 200" in text, text


@pytest.mark.parametrize("option", ["-tls1_1", "-tls1"])
def test_old_versions_are_refused(shared, alice, option):
    mark = shared.gateway.mark()
    text = s_client(shared.port, option, "-cipher", "ALL:@SECLEVEL=0", credential=alice)
    assert "HTTP/1.1" not in text and "alert" in text, text
    shared.gateway.logged("SP2108", since=mark)


@pytest.mark.parametrize("suite", ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_weak_suites_are_refused(shared, alice, suite):
    """No key exchange without forward secrecy, no CBC."""
    text = s_client(shared.port, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", credential=alice)
    assert "HTTP/1.1" not in text and "Cipher is (NONE)" in text, text


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_strong_suites_are_accepted(shared, alice, suite):
    assert suite in s_client(shared.port, "-tls1_2", "-cipher", suite, credential=alice)


@pytest.mark.parametrize("group, shown", [("X25519", "X25519"), ("P-256", "prime256v1"), ("P-384", "secp384r1")])
def test_groups_that_are_offered(shared, alice, group, shown):
    text = s_client(shared.port, "-groups", group, "-ign_eof", credential=alice)
    assert re.search(rf"Server Temp Key: .*({shown}|{group})", text) and "HTTP/1.1 200" in text, text


def test_other_groups_are_refused(shared, alice):
    mark = shared.gateway.mark()
    assert "HTTP/1.1" not in s_client(shared.port, "-groups", "P-521", credential=alice)
    shared.gateway.logged("SP2110", since=mark)


def test_the_post_quantum_group_is_chosen(shared, alice):
    """pyOpenSSL's wheel carries an OpenSSL that offers X25519MLKEM768."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate_chain_file(alice[0])
    context.use_privatekey_file(alice[1])
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
        plain.setblocking(True)
        connection = SSL.Connection(context, plain)
        connection.set_tlsext_host_name(b"localhost")
        connection.set_connect_state()
        connection.do_handshake()
        assert connection.get_group_name() == "X25519MLKEM768"


def test_sha1_signatures_are_refused(shared, alice):
    text = s_client(shared.port, "-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0", credential=alice)
    assert "HTTP/1.1" not in text, text


def test_renegotiation_is_refused(shared, alice):
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{shared.port}", "-servername", "localhost", "-tls1_2", "-cert",
         alice[0], "-key", alice[1]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate("R\n", timeout=15)
    finally:
        process.kill()
    assert "RENEGOTIATING" in output and "HTTP/1.1" not in output
    assert "no renegotiation" in output.lower() or process.returncode != 0, output


def test_the_authorities_that_count_are_named(shared, alice):
    """A client that holds several certificates can choose the right one."""
    assert "CN = Test Root" in s_client(shared.port, credential=alice) or "CN=Test Root" in s_client(shared.port, credential=alice)


def test_modern_is_tls_1_3_only(edge, serve, alice):
    one = edge(serve(), tlsProfiles__edge__base="modern")
    assert "HTTP/1.1 200" in s_client(one.port, "-tls1_3", "-ign_eof", credential=alice)
    assert "HTTP/1.1" not in s_client(one.port, "-tls1_2", credential=alice)


def test_optional_certificates(edge, serve, alice, bob):
    """Weaker only where the file says so, with a reason; a route for named identities still asks for one."""
    upstream = serve()
    one = edge(
        upstream,
        tlsProfiles__edge__clientCertificates={"mode": "optional", "trust": ["test"], "because": "a test"},
        routes=[
            {"match": {"path": "/open/*"}, "allow": "anyone", "because": "a test", "to": upstream.url},
            {"match": {"path": "/"}, "allow": ["alice"], "to": upstream.url}])
    with one.client(None) as client:
        assert client.request(path="/open/x").status == 200
        reply = client.request(path="/closed")
        assert (reply.status, reply.code) == (403, "SP3002")
    with one.client(alice) as client:
        assert client.request(path="/closed").status == 200
    with one.client(bob) as client:
        assert client.request(path="/closed").code == "SP3001"
    assert [request.target for request in upstream.requests] == ["/open/x", "/closed"]
    risks = one.gateway.command("status").stdout
    assert "a test" in risks and "tlsProfiles.edge.clientCertificates" in risks, risks


def test_optional_does_not_mean_any(edge, serve, authority):
    """A certificate that is presented must be good, also where none is needed."""
    one = edge(serve(), tlsProfiles__edge__clientCertificates={"mode": "optional", "trust": ["test"], "because": "a test"})
    with pytest.raises((OSError, Closed)):
        with Client(one.port, context=context_for(files(self_signed(authority.folder, "alice")))) as client:
            client.request()
    one.gateway.logged("SP2206")
