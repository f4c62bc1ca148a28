"""What an attacker tried against a running gateway, and got somewhere with once."""

import contextlib
import socket
import ssl
import time

import pytest

from certificates import Authority
from clients import Client, Closed
from conftest import files
from gateway import free_port
from test_reload import changed
from test_streaming import Watch

MIB = 1 << 20


def test_an_upstream_name_with_two_addresses(edge, serve, alice):
    """localhost is ::1 as well where the machine has IPv6; the service is on 127.0.0.1 only."""
    if len({entry[4][0] for entry in socket.getaddrinfo("localhost", 1, type=socket.SOCK_STREAM)}) < 2:
        pytest.skip("localhost has one address here, so nothing would be tried")
    upstream = serve()
    one = edge(upstream, routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": f"http://localhost:{upstream.port}"}])
    before = one.gateway.open_files()
    for _ in range(20):
        with one.client(alice) as client:
            assert client.request().status == 200
    assert one.gateway.open_files() < before + 20


def test_a_client_that_reads_nothing_between_pipelined_requests(edge, serve, alice):
    def behaviour(connection):
        for _ in range(200):
            connection.read_request()
            connection.reply(b"x" * 40_000)
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 << 30))
        with contextlib.suppress(OSError):
            while True:
                connection.send(b"x" * MIB)
    one = edge(serve(behaviour))
    with Client(one.port, alice) as client, Watch(one.gateway) as watch:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 201)
        time.sleep(4)
    assert watch.growth <= 40 * MIB, watch.growth


def test_a_stranger_at_the_redirect_listener(edge, serve):
    """One answer and the end: nothing piles up, and nobody stays."""
    plain = free_port()
    edge(serve(), listeners__plain={"address": f"127.0.0.1:{plain}", "redirectToHTTPS": True})
    request = b"GET /" + b"a" * 7000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", plain), timeout=10) as client:
        client.sendall(request * 3)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while data := client.recv(65536):
                answer += data
    assert answer.count(b"HTTP/1.1 ") == 1 and b"connection: close" in answer.lower()


def test_a_head_that_a_reload_falls_into(edge, serve, alice):
    """New limits must not make a request line out of what was a field's value."""
    one = edge(serve())
    with one.client(alice) as client:
        client.send(b"GET /first HTTP/1.1\r\nHost: localhost\r\nX-Search: ")
        time.sleep(0.3)
        one.gateway.write(changed(one, "policies", {"baseline": {"limits": {"headerCount": 50}}}))
        one.gateway.command("reload")
        client.send(b"GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status = client.read_reply().status
    assert [request.target for request in one.upstream.requests if request.target == "/second"] == []
    assert status in (200, 400)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_torn_response_never_looks_whole(version, edge, serve, alice):
    """Neither a reset where only the end of the connection ends the body, nor a chunk that is missing."""
    def behaviour(connection):
        connection.read_request()
        if version == "1.1":
            connection.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        else:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        time.sleep(0.3)
        connection.reset()
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.socket.suppress_ragged_eofs = False
        client.send(f"GET / HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
        received = b""
        with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
            while data := client.socket.recv(65536):
                received += data
    assert b"0\r\n\r\n" not in received


def test_an_authority_for_upstreams_makes_no_admins(edge, serve, alice, tmp_path):
    corporate = Authority(tmp_path, common_name="Corporate Root")
    port = free_port()
    one = edge(
        serve(), admin={"address": f"127.0.0.1:{port}", "admins": ["alice"]},
        pki__authorities__corporate={"file": str(corporate.file)}, identities={"alice": {"commonName": "alice"}},
        upstreams={"other": {"targets": ["https://127.0.0.1:9"], "tls": {"trust": ["corporate"]}}})
    with Client(port, alice) as client:
        assert client.request(path="/status").status == 200
    with pytest.raises((OSError, Closed)), Client(port, files(corporate.issue("alice"))) as client:
        client.request(path="/status")
    one.gateway.logged("SP2205")


def test_a_revocation_holds_while_another_file_is_missing(edge, serve, tmp_path):
    corporate = Authority(tmp_path, common_name="Corporate Root")
    one = edge(
        serve(), wait=False, pki__authorities__corporate={"file": str(corporate.file)},
        tlsProfiles__edge__clientCertificates={"mode": "require", "trust": ["local", "corporate"]}, identities={},
        routes=[{"match": {"path": "/"}, "allow": ["carol"], "to": "http://127.0.0.1:9"}])
    one.gateway.wait_ready()
    one.gateway.command("cert", "client", "carol")
    carol = (str(one.gateway.state / "clients/carol.pem"), str(one.gateway.state / "clients/carol.key"))
    with one.client(carol) as client:
        assert client.request().status == 502
    corporate.file.unlink()
    one.gateway.command("cert", "revoke", "carol", "--yes")
    with pytest.raises((OSError, Closed)), one.client(carol) as client:
        client.request()
    one.gateway.logged("SP2220")


def test_a_reload_is_not_undone_by_a_revocation(edge, serve):
    """Both at once, many times: what `reload` said is loaded is what runs."""
    import threading
    one = edge(serve())
    for number in range(12):
        one.gateway.command("cert", "client", f"c{number}")
        one.gateway.write(changed(one, "routes__0__name", f"route-{number}"))
        revoking = threading.Thread(target=one.gateway.command, args=("cert", "revoke", f"c{number}", "--yes"))
        revoking.start()
        one.gateway.command("reload")
        revoking.join()
        assert "route-" not in one.gateway.command("diff").stdout
