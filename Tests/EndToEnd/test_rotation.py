"""Certificates that end: revoked, or renewed by the gateway itself."""

import json
import socket
import time

import pytest
from cryptography import x509

from certificates import SERVER
from clients import Client, Closed, context_for, refused
from gateway import Gateway, free_port, sallyport


def builtin(port, upstream, **changes):
    return {
        "version": 1,
        "listeners": {"main": {"address": f"127.0.0.1:{port}", "tls": {"names": ["localhost"]}}},
        "routes": [{"match": {"path": "/"}, "allow": ["alice"], "to": upstream.url}],
        **changes}


@pytest.fixture
def run(tmp_path):
    started = []

    def start(configuration):
        started.append(Gateway(tmp_path, configuration))
        return started[-1]
    yield start
    for one in started:
        one.stop()


def issued(state, name):
    sallyport("cert", "client", name, state=state)
    return str(state / f"clients/{name}.pem"), str(state / f"clients/{name}.key")


def server_certificate(port, credential):
    context = context_for(credential)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(True))


def test_revoke(run, serve, tmp_path):
    """New handshakes, resumed sessions and open connections: none of them is served any more."""
    port, upstream = free_port(), serve()
    gateway = run(builtin(port, upstream))
    alice = issued(gateway.state, "alice")
    context = context_for(alice)
    with Client(port, context=context) as open_connection:
        assert open_connection.request().status == 200
        session = open_connection.socket.session
        mark = gateway.mark()
        gateway.command("cert", "revoke", "alice", "--yes")
        deadline = time.monotonic() + 3
        while not refused(port, alice) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert refused(port, alice)
        line = gateway.logged("SP2220", since=mark)
        assert "alice" in line
        count = len(upstream.requests)
        try:
            assert open_connection.request().status == 403
        except (Closed, OSError):
            pass
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
            again.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " not in again.recv(100)
    except OSError:
        pass
    assert len(upstream.requests) == count


def test_revoked_before_the_start(run, serve, tmp_path):
    state = tmp_path / "state"
    alice = issued(state, "alice")
    sallyport("cert", "revoke", "alice", "--yes", state=state)
    port, upstream = free_port(), serve()
    gateway = run(builtin(port, upstream))
    assert refused(port, alice)
    gateway.logged("SP2220")
    assert upstream.requests == []
    again = issued(state, "alice")
    with Client(port, again) as client:
        assert client.request().status == 200, "a new certificate of the same name is good"


def test_a_running_gateway_takes_a_rotation_over(run, serve):
    """Without a reload, and before the command ends; a bundle with the new root alone is enough at the end."""
    port = free_port()
    gateway = run(builtin(port, serve()))
    alice = issued(gateway.state, "alice")
    before = server_certificate(port, alice)
    done = sallyport("ca", "rotate", "root", "--yes", state=gateway.state)
    assert "taken it over" in done.stderr and "cut" not in done.stderr
    after = server_certificate(port, alice)
    assert after.issuer != before.issuer, "the certificate shown is from the new intermediate"
    waiting = sallyport("ca", "rotate", "--finish", state=gateway.state, check=False)
    assert waiting.returncode == 1 and "alice" in waiting.stderr
    sallyport("cert", "renew", "alice", state=gateway.state)
    assert "alice" not in sallyport("ca", "rotate", "--finish", "--yes", state=gateway.state).stderr, "she has a new one"
    done = sallyport("curl", "/", state=gateway.state)
    assert done.returncode == 0, "the root alone vouches for what is shown now"


@pytest.mark.timeout(120)
def test_the_server_certificate_renews_itself(run, serve):
    """A new certificate in the running gateway; connections made under the old one live on."""
    port = free_port()
    gateway = run(builtin(port, serve(), pki={"authorities": {"local": {"builtin": True, "leafLifetime": "1m"}}}))
    alice = issued(gateway.state, "alice")
    first = server_certificate(port, alice)
    with Client(port, alice) as client:
        deadline = time.monotonic() + 75
        while (fresh := server_certificate(port, alice)).serial_number == first.serial_number and time.monotonic() < deadline:
            assert client.request().status == 200
            time.sleep(0.5)
        assert fresh.serial_number != first.serial_number
        assert fresh.not_valid_after_utc > first.not_valid_after_utc
        assert fresh.public_key() != first.public_key()
        assert client.request().status == 200
    names = fresh.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_the_server_certificate_is_the_local_authoritys(run, serve):
    port = free_port()
    gateway = run(builtin(port, serve()))
    alice = issued(gateway.state, "alice")
    with Client(port, context=context_for(alice, authority=str(gateway.state / "ca/root.pem"))) as client:
        assert client.request().status == 200


def test_renewed_files_are_taken_up(edge, serve, alice, authority):
    """For certificates from files: replaced on disk, then a reload."""
    one = edge(serve())
    before = server_certificate(one.port, alice)
    fresh = authority.issue("localhost", usage=SERVER, names=["localhost"])
    one.configuration["listeners"]["main"]["tls"].update(
        certificate=str(fresh.certificate_file), key=f"file:{fresh.key_file}")
    one.gateway.write(json.dumps(one.configuration))
    with one.client(alice) as client:
        one.gateway.command("reload")
        assert client.request().status == 200
    assert server_certificate(one.port, alice).serial_number == fresh.leaf.serial_number != before.serial_number
