"""Revocation of client certificates: lists from files and URLs, OCSP, the deny list; live connections are cut."""

import contextlib
import hashlib
import json
import socket
import subprocess
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates import DAY, HOUR, Authority, now, p256
from clients import Closed, context_for, refused
from conftest import files
from http2_client import HTTP2Client
from revocation import ListServer, Responder, revocation_list

ALICE = "spiffe://test/alice"


@pytest.fixture
def ca(tmp_path):
    """An authority of its own: these tests change what its lists say."""
    folder = tmp_path / "ca"
    folder.mkdir()
    return Authority(folder, "Revoking Root")


@pytest.fixture
def client(ca):
    return ca.issue("alice", uris=[ALICE])


@pytest.fixture
def lists():
    started = []

    def start(content=None):
        started.append(ListServer(content))
        return started[-1]
    yield start
    for one in started:
        one.close()


def guarded(edge, upstream, ca, **status):
    return edge(upstream, pki={"authorities": {"test": {"file": str(ca.file), **status}}})


def get_in(one, credential):
    with one.client(files(credential)) as client:
        return client.request().status


def eventually(test, what, timeout=15):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if test():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about within {timeout} s")


def accepted(one, credential):
    try:
        return get_in(one, credential) == 200
    except (Closed, OSError):
        return False


def endless(started):
    """A response that never ends on its own."""
    def behaviour(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                connection.send(b"5\r\nhello\r\n")
                started.set()
                time.sleep(0.01)
    return behaviour


class Stream:
    """A client in the middle of an endless response."""

    def __init__(self, one, credential):
        self.client, self.cut_at = one.client(files(credential)), None
        self.client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b"hello" not in self.client.buffer:
            self.client.receive()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        try:
            while True:
                self.client.receive()
                self.client.buffer = b""
        except (Closed, OSError):
            self.cut_at = time.monotonic()

    def seconds_until_cut(self, since):
        self.thread.join(10)
        assert self.cut_at is not None, "the stream goes on"
        return self.cut_at - since

    def close(self):
        self.client.close()
        self.thread.join(10)


# Lists from files


def test_list_in_a_file(edge, serve, ca, client, tmp_path):
    other = ca.issue("alice", uris=[ALICE])
    path = tmp_path / "list.crl"
    path.write_bytes(revocation_list(ca, [other], reason=x509.ReasonFlags.key_compromise))
    one = guarded(edge, serve(), ca, crl=str(path))
    assert get_in(one, client) == 200
    assert refused(one.port, files(other))
    line = one.gateway.logged("SP2220")
    assert "keyCompromise" in line and "list 01" in line
    status = one.gateway.status()["revocation"]["sources"]
    assert status[0]["authority"] == "test" and status[0]["lists"][0]["entries"] == 1 and "problem" not in status[0]


def test_a_new_list_counts_after_a_reload_and_cuts_open_connections(edge, serve, ca, client, tmp_path):
    path = tmp_path / "list.crl"
    path.write_bytes(revocation_list(ca, der=True))
    one = guarded(edge, serve(), ca, crl=str(path))
    with one.client(files(client)) as open_connection:
        assert open_connection.request().status == 200
        path.write_bytes(revocation_list(ca, [client], number=2, der=True))
        one.gateway.command("reload")
        with pytest.raises((Closed, OSError)):
            while True:
                open_connection.receive()
    assert refused(one.port, files(client))
    assert '"open connection cut"' in one.gateway.logged("SP2220")


def test_a_file_that_changes_is_noticed_without_a_reload(edge, serve, ca, client, tmp_path):
    path = tmp_path / "list.crl"
    path.write_bytes(revocation_list(ca))
    one = guarded(edge, serve(), ca, crl=str(path), crlRefresh="10s")
    assert get_in(one, client) == 200
    path.write_bytes(revocation_list(ca, [client], number=2))
    eventually(lambda: refused(one.port, files(client)), "the refusal", 25)


@pytest.mark.parametrize("content, code", [
    (b"", "SP1402"), (b"not a list\n", "SP1402"), (b"\x30\x03\x02\x01\x01", "SP2232")])
def test_a_broken_file_keeps_the_gateway_from_starting(content, code, edge, ca, tmp_path):
    path = tmp_path / "list.crl"
    path.write_bytes(content)
    one = edge(None, wait=False, pki={"authorities": {"test": {"file": str(ca.file), "crl": str(path)}}})
    one.gateway.wait_for(code)
    assert one.gateway.wait() != 0


def test_bad_lists_keep_the_running_generation(edge, serve, ca, client, tmp_path):
    path = tmp_path / "list.crl"
    other = ca.issue("alice", uris=[ALICE])
    good = revocation_list(ca, [other], number=7)
    path.write_bytes(good)
    one = guarded(edge, serve(), ca, crl=str(path))
    for content, code in [
            (revocation_list(ca, number=8, key=p256()), "SP2233"), (revocation_list(ca, number=6), "SP2239"),
            (good[:len(good) // 2] + good[len(good) // 2 + 8:], "SP22")]:
        path.write_bytes(content)
        done = one.gateway.command("reload", check=False)
        assert done.returncode != 0 and code in done.stderr, done.stderr
        assert get_in(one, client) == 200
        assert refused(one.port, files(other)), "the last good list stays in use"


def test_delta_list(edge, serve, ca, client, tmp_path):
    held = ca.issue("alice", uris=[ALICE])
    base, delta = tmp_path / "base.crl", tmp_path / "delta.crl"
    base.write_bytes(revocation_list(ca, [held], number=5, reason=x509.ReasonFlags.certificate_hold))
    delta.write_bytes(revocation_list(ca, [client], number=6, base=5))
    one = guarded(edge, serve(), ca, crl=str(base), deltaCrl=str(delta))
    assert refused(one.port, files(client)) and refused(one.port, files(held))
    delta.write_bytes(revocation_list(ca, [held], number=7, base=5, reason=x509.ReasonFlags.remove_from_crl))
    one.gateway.command("reload")
    assert get_in(one, held) == 200 and get_in(one, client) == 200


def test_stale_list(edge, serve, ca, client, tmp_path):
    other = ca.issue("alice", uris=[ALICE])
    path = tmp_path / "list.crl"
    path.write_bytes(revocation_list(ca, [other], start=now() - 3 * DAY, end=now() - DAY))
    one = guarded(edge, serve(), ca, crl=str(path))
    assert refused(one.port, files(client))
    assert "only" in one.gateway.logged("SP2230")
    assert "SP2235" in one.gateway.status()["revocation"]["sources"][0]["problem"]
    one.change("pki__authorities__test__whenStatusUnknown", "allow")
    one.change("pki__authorities__test__because", "lists come late")
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    assert get_in(one, client) == 200
    assert refused(one.port, files(other)), "what a stale list says to be revoked is revoked"
    assert any("unknown status" in risk["what"] for risk in one.gateway.status()["acceptedRisks"])


def test_list_of_one_intermediate_does_not_refuse_the_clients_of_another(edge, serve, ca, tmp_path):
    first, second = Authority(ca.folder, "First", issuer=ca), Authority(ca.folder, "Second", issuer=ca)
    path = tmp_path / "list.crl"
    path.write_bytes(revocation_list(first))
    one = guarded(edge, serve(), ca, crl=str(path))
    assert get_in(one, first.issue("alice")) == 200
    assert refused(one.port, files(second.issue("alice")))
    assert "no revocation list of its issuer" in one.gateway.logged("SP2230")


# Lists from URLs


def test_list_from_a_url_is_kept_over_a_restart_without_network(edge, serve, ca, client, lists, tmp_path):
    other, server = ca.issue("alice", uris=[ALICE]), lists(revocation_list(ca, [client := client], der=True))
    one = guarded(edge, serve(), ca, crl=server.url)
    eventually(lambda: accepted(one, other), "the list")
    assert refused(one.port, files(client))
    server.content = None
    one.gateway.stop()
    again = edge(one.upstream, pki=one.configuration["pki"])
    again.gateway.stop()
    stored = list((one.gateway.state / "revocation").glob("*.crl"))
    assert len(stored) == 1
    (again.gateway.state / "revocation" / stored[0].name).write_bytes(stored[0].read_bytes())
    third = type(again.gateway)(again.gateway.folder, again.configuration)
    try:
        assert get_in(again, other) == 200 and refused(again.port, files(client))
    finally:
        third.stop()


def test_list_from_a_url_unreachable_then_forged_then_good(edge, serve, ca, client, lists):
    server = lists(None)
    one = guarded(edge, serve(), ca, crl=[server.url], crlRefresh="10s")
    one.gateway.logged("SP2238", timeout=10)
    assert refused(one.port, files(client))
    assert "has not" not in one.gateway.logged("SP2230")
    mark = one.gateway.mark()
    server.content = revocation_list(ca, key=p256())
    one.gateway.logged("SP2233", since=mark, timeout=30)
    assert refused(one.port, files(client))
    server.content = revocation_list(ca)
    eventually(lambda: accepted(one, client), "the good list", 40)


# OCSP


@pytest.mark.parametrize("delegated", [False, True])
def test_ocsp(delegated, edge, serve, ca, client, tmp_path):
    folder = tmp_path / "ocsp"
    folder.mkdir()
    signer = ca.issue("responder", usage=ExtendedKeyUsageOID.OCSP_SIGNING) if delegated else None
    responder = Responder(folder, ca, signer=signer)
    responder.set(client, revoked=False)
    try:
        one = guarded(edge, serve(), ca, ocsp=responder.url)
        eventually(lambda: accepted(one, client), "the answer", 30)
        other = ca.issue("alice", uris=[ALICE])
        responder.set(other, revoked=True)
        eventually(lambda: refused(one.port, files(other)) and "SP2220" in one.gateway.stderr.text, "revocation", 30)
        assert "keyCompromise" in one.gateway.logged("SP2220")
    finally:
        responder.close()


def test_ocsp_of_somebody_else_is_not_believed(edge, serve, ca, client, tmp_path):
    folder = tmp_path / "ocsp"
    folder.mkdir()
    stranger = ca.issue("responder")  # without the extended key usage OCSPSigning
    responder = Responder(folder, ca, signer=stranger)
    responder.set(client, revoked=False)
    try:
        one = guarded(edge, serve(), ca, ocsp=responder.url)
        eventually(lambda: refused(one.port, files(client)) and "SP2241" in one.gateway.stderr.text, "the complaint", 30)
        assert not accepted(one, client)
    finally:
        responder.close()


# The deny list, and what is cut


def deny_arguments(credential, ca):
    key = credential.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "serial": ["--serial", credential.serial], "serial and issuer": ["--serial", credential.serial, "--issuer", "test"],
        "key": ["--key", hashlib.sha256(key).hexdigest()], "spiffe": ["--spiffe", ALICE],
        "issuer": ["--issuer", "CN=Revoking Root"], "authority": ["--issuer", "test"]}


@pytest.mark.parametrize("kind", ["serial", "serial and issuer", "key", "spiffe", "issuer", "authority"])
def test_denied_and_taken_back(kind, edge, serve, ca, client):
    one = guarded(edge, serve(), ca)
    assert get_in(one, client) == 200
    arguments = deny_arguments(client, ca)[kind]
    one.gateway.command("cert", "revoke", *arguments, "--reason", "keyCompromise", "--yes")
    assert refused(one.port, files(client))
    one.gateway.logged("SP2231")
    listed = json.loads(one.gateway.command("cert", "denied", "--json").stdout)
    assert len(listed) == 1 and listed[0]["reason"] == "keyCompromise"
    one.gateway.command("cert", "revoke", *arguments, "--undo", "--yes")
    assert get_in(one, client) == 200
    assert json.loads(one.gateway.command("cert", "denied", "--json").stdout) == []
    assert one.gateway.command("cert", "revoke", *arguments, "--undo", "--yes", check=False).returncode == 1


def test_denied_stays_denied_over_a_restart(edge, serve, ca, client):
    one = guarded(edge, serve(), ca)
    one.gateway.stop()
    one.gateway.command("cert", "revoke", "--serial", client.serial, "--yes")
    again = type(one.gateway)(one.gateway.folder, one.configuration)
    try:
        assert refused(one.port, files(client))
        assert again.status()["revocation"]["denied"] == 1
    finally:
        again.stop()


def test_a_damaged_deny_list_is_not_an_empty_one(edge, serve, ca):
    one = guarded(edge, serve(), ca)
    one.gateway.stop()
    (one.gateway.state / "revocation" / "denied.json").write_text('[{"serial": "')
    again = type(one.gateway)(one.gateway.folder, one.configuration, wait=False)
    again.wait_for("SP2246")
    assert again.wait() != 0


@pytest.mark.parametrize("arguments", [
    [], ["--key", "12"], ["--spiffe", "http://x"], ["--serial", "xyz"], ["--serial", "1", "--key", "2"], ["alice", "--serial", "1"],
    ["--serial", "1", "--reason", "whim"], ["--issuer", ""]])
def test_nonsense_is_not_denied(arguments, tmp_path):
    from gateway import sallyport
    done = sallyport("cert", "revoke", *arguments, "--yes", state=tmp_path / "state", check=False)
    assert done.returncode == 64, done
    assert not (tmp_path / "state" / "revocation" / "denied.json").exists()


def test_a_stream_is_cut_within_a_second(edge, serve, ca, client):
    """In the middle of a response; another client's stream goes on, and nothing resumes."""
    started = threading.Event()
    one = guarded(edge, serve(endless(started)), ca)
    other = ca.issue("alice", uris=["spiffe://test/other"])
    stream, bystander = Stream(one, client), Stream(one, other)
    idle = one.client(files(client))
    since = time.monotonic()
    one.gateway.command("cert", "revoke", "--serial", client.serial, "--yes")
    told = time.monotonic()
    # The command itself takes part of the time; what counts begins when the gateway is told.
    assert stream.seconds_until_cut(since) < (told - since) + 1
    with pytest.raises((Closed, OSError)):
        idle.receive()
    assert bystander.thread.is_alive(), "only the revoked client is cut"
    line = one.gateway.logged("SP2231")
    assert json.loads(line)["message"] == "open connection cut"
    assert refused(one.port, files(client))
    bystander.close()


def test_streams_of_http2_are_cut_within_a_second(edge, serve, ca, client):
    """All of a connection's, in the middle of their responses; nothing of them looks whole."""
    started = threading.Event()
    one = guarded(edge, serve(endless(started)), ca)
    with HTTP2Client(one.port, files(client), settings={4: 1 << 20}) as h2, HTTP2Client(one.port, files(client)) as idle:
        streams = [h2.start() for _ in range(3)]
        while not all(stream in h2.streams and h2.streams[stream].body for stream in streams):
            h2.step()
        since = time.monotonic()
        one.gateway.command("cert", "revoke", "--serial", client.serial, "--yes")
        told = time.monotonic()
        h2.ending()
        assert time.monotonic() < told + 1, f"cut after {time.monotonic() - since} s"
        assert not any(h2.streams[stream].complete for stream in streams)
        idle.ending(1)
    line = one.gateway.logged("SP2231")
    assert json.loads(line)["message"] == "open connection cut"
    assert refused(one.port, files(client))


def test_a_resumed_session_of_a_revoked_client_gets_nothing(edge, serve, ca, client):
    upstream = serve()
    one = guarded(edge, upstream, ca)
    context = context_for(files(client))
    from clients import Client
    with Client(one.port, context=context) as first:
        assert first.request().status == 200
        session = first.socket.session
    with socket.create_connection(("127.0.0.1", one.port), timeout=5) as plain, \
            context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
        again.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in again.recv(100) and again.session_reused
        session = again.session
    count = len(upstream.requests)
    mark = one.gateway.mark()
    one.gateway.command("cert", "revoke", "--serial", client.serial, "--yes")
    with contextlib.suppress(OSError):
        with socket.create_connection(("127.0.0.1", one.port), timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
            again.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " not in again.recv(100)
    assert len(upstream.requests) == count
    one.gateway.logged("SP2231", since=mark)


# The list of the built-in authority


def test_the_built_in_authority_publishes_a_list_that_openssl_verifies(tmp_path):
    from gateway import sallyport
    state, out = tmp_path / "state", tmp_path / "out.crl"
    for name in ("alice", "bob"):
        sallyport("cert", "client", name, state=state)
    sallyport("cert", "revoke", "alice", "--reason", "superseded", "--yes", state=state)
    pem = sallyport("ca", "crl", state=state).stdout.encode()
    sallyport("ca", "crl", "--der", "--out", out, state=state)
    first, second = x509.load_pem_x509_crl(pem), x509.load_der_x509_crl(out.read_bytes())
    numbers = [one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for one in (first, second)]
    assert numbers == [1, 2]
    entries = list(second)
    alice = x509.load_pem_x509_certificate((state / "clients/alice.pem").read_bytes())
    assert [one.serial_number for one in entries] == [alice.serial_number]
    assert entries[0].extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.superseded
    intermediate = x509.load_pem_x509_certificate((state / "ca/intermediate.pem").read_bytes())
    assert second.is_signature_valid(intermediate.public_key())
    chain = tmp_path / "chain.pem"
    chain.write_bytes((state / "ca/intermediate.pem").read_bytes() + (state / "ca/root.pem").read_bytes())
    done = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", out, "-CAfile", chain, "-noout"], capture_output=True, text=True)
    assert "verify OK" in done.stderr + done.stdout, done
