"""Who is banned is not served until the ban ends: by address, by network, by identity, by hand and by itself."""

import json
import ssl
import time

import pytest

from clients import Client, Closed
from gateway import Gateway, free_port
from http2_client import GoneAway, HTTP2Client, Reset

HERE, THERE = "203.0.113.7", "198.51.100.9"
GONE = (OSError, Closed, ssl.SSLError, Reset, GoneAway)
BOTH = pytest.mark.parametrize("version", [1, 2], ids=["HTTP/1.1", "HTTP/2"])


@pytest.fixture
def balanced(edge, serve):
    """A gateway behind a load balancer on this machine, which itself is limited by nothing."""
    def start(bans=None, **changes):
        limits = {"addresses": {"exempt": changes.pop("exempt", ["127.0.0.0/8"])}}
        if bans is not None:
            limits["bans"] = bans
        return edge(
            serve(), limits=limits, listeners__main__proxyProtocol={"trust": ["127.0.0.1/32"]},
            identities__bob={"commonName": "bob", "issuer": "test"}, **changes)
    return start


def client(one, credential, address=HERE, version=1):
    return (HTTP2Client if version == 2 else Client)(one.port, credential, behind=address)


def ask(connection, **request):
    if isinstance(connection, HTTP2Client):
        return connection.ask(**request)
    return connection.request(**request)


def status(one, credential, address=HERE, version=1):
    """What a new connection gets; nothing when it is closed."""
    try:
        with client(one, credential, address, version) as connection:
            return ask(connection).status
    except GONE:
        return None


def eventually(test, what, timeout=6):
    deadline = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def ban(one, *arguments, **options):
    return one.gateway.command("ban", *arguments, **options)


def banned(one):
    return {entry["who"]: entry for entry in json.loads(ban(one, "list", "--json").stdout)}


def refused(one):
    return {entry["code"]: entry["count"] for entry in one.gateway.status()["edge"]["refused"]}


def is_cut(connection):
    if isinstance(connection, HTTP2Client):
        connection.ending(timeout=5)
        return True
    return connection.is_closed(timeout=5)


# By hand


@BOTH
def test_an_address(version, balanced, alice):
    one = balanced()
    assert status(one, alice, version=version) == 200
    assert "no" in ban(one, "list").stdout
    ban(one, "add", HERE, "--because", "guesses passwords", "--for", "1h")
    assert status(one, alice, version=version) is None
    assert status(one, alice, THERE, version) == 200
    entry = banned(one)[HERE]
    assert entry["because"] == "guesses passwords" and entry["source"] == "manual" and entry["kind"] == "address"
    assert 3590 <= entry["until"] - entry["since"] <= 3600
    assert refused(one)["SP4094"] >= 1
    assert one.gateway.status()["edge"]["bans"] == {"manual": 1, "automatic": 0}
    assert "1 in force" in one.gateway.command("status").stdout
    ban(one, "remove", HERE)
    assert status(one, alice, version=version) == 200
    assert not banned(one)


def test_networks(balanced, alice):
    one = balanced()
    ban(one, "add", "203.0.113.0/24", "--because", "x", "--forever")
    ban(one, "add", "2001:db8:1::/64", "--because", "x")
    assert "until" not in banned(one)["203.0.113.0/24"]
    for address, expected in [
            ("203.0.113.255", None), ("203.0.114.1", 200), ("2001:db8:1::1", None), ("2001:db8:1:0:ffff::", None),
            ("2001:db8:1:1::1", 200), ("::ffff:203.0.113.9", None)]:
        assert status(one, alice, address) == expected, address
    ban(one, "remove", "--all")
    assert status(one, alice, "203.0.113.255") == 200


@BOTH
def test_an_identity(version, balanced, alice, bob):
    one = balanced()
    mark = one.gateway.mark()
    ban(one, "add", "alice", "--because", "her key is lost")
    assert status(one, alice, version=version) is None
    assert status(one, alice, THERE, version) is None
    assert status(one, bob, version=version) == 403
    assert refused(one)["SP4095"] == 2
    eventually(lambda: "SP4095" in "\n".join(one.gateway.stderr.lines[mark:]), "the sum was not said")
    assert not any("handshake refused" in line and "SP4095" in line for line in one.gateway.stderr.lines[mark:])
    ban(one, "remove", "alice")
    assert status(one, alice, version=version) == 200


def test_an_identity_without_a_name(edge, serve, alice, bob):
    one = edge(serve())
    ban(one, "add", "CN=bob", "--because", "x")
    assert status_direct(one, bob) is None
    assert status_direct(one, alice) == 200


def status_direct(one, credential):
    return status(one, credential, None)


@BOTH
@pytest.mark.parametrize("who", [HERE, "alice"])
def test_open_connections_are_cut(who, version, balanced, alice, bob):
    one = balanced()
    with client(one, alice, HERE, version) as first, client(one, bob, THERE, version) as other:
        assert ask(first).status == 200 and ask(other).status == 403
        ban(one, "add", who, "--because", "x")
        assert is_cut(first)
        assert ask(other).status == 403


def test_a_ban_ends(balanced, alice):
    one = balanced()
    ban(one, "add", HERE, "--because", "x", "--for", "1s")
    eventually(lambda: status(one, alice) == 200, "the ban did not end")
    eventually(lambda: not json.loads((one.gateway.state / "bans.json").read_text()), "the file still has it")


@pytest.mark.parametrize("arguments", [
    ["add", "10.0.0.1/24", "--because", "x"], ["add", "10.0.0.300", "--because", "x"], ["add", HERE],
    ["add", HERE, "--because", ""], ["add", HERE, "--because", "a\nb"], ["add", HERE, "--because", "x" * 513],
    ["add", HERE, "--because", "x", "--for", "0s"], ["add", HERE, "--because", "x", "--for", "soon"],
    ["add", HERE, "--because", "x", "--for", "1h", "--forever"], ["add", "x" * 513, "--because", "x"],
    ["remove"], ["remove", HERE, "--all"]])
def test_wrong_usage(arguments, shared):
    done = ban(shared, *arguments, check=False)
    assert done.returncode == 64, done
    assert not banned(shared)


@pytest.mark.parametrize("who", ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "0.0.0.0/1", "::1", "::/0", "::ffff:127.0.0.1"])
def test_who_shuts_out_this_machine_is_asked(who, shared):
    done = ban(shared, "add", who, "--because", "x", check=False)
    assert done.returncode == 1 and "--yes" in done.stderr, done
    assert not banned(shared)


def test_to_lift_what_is_not_there(shared):
    done = ban(shared, "remove", HERE, check=False)
    assert done.returncode == 1 and "no ban" in done.stderr, done


def test_operators_get_in(edge, serve, alice):
    port = free_port()
    one = edge(serve(), admin={"address": f"127.0.0.1:{port}", "admins": ["alice"]})
    ban(one, "add", "127.0.0.0/8", "--because", "x", "--yes")
    ban(one, "add", "alice", "--because", "x")
    assert status_direct(one, alice) is None
    with Client(port, alice) as admin:
        assert admin.request(path="/status").status == 200


# By itself

FEW = {"after": 5, "within": "1m", "for": "2s"}


def test_an_identity_that_is_refused_again_and_again(balanced, alice, bob):
    one = balanced(FEW)
    mark = one.gateway.mark()
    with client(one, bob) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)
        replies = [connection.read_reply() for _ in range(6)]
        assert [reply.code for reply in replies] == ["SP3001"] * 5 + ["SP4095"]
        assert replies[-1].status == 403 and connection.is_closed()
    assert status(one, bob, THERE) is None
    assert status(one, alice) == 200, "who comes from the same address has done nothing"
    line = one.gateway.logged("client banned", since=mark)
    assert "SP4095" in line and "bob" in line and "SP3001" in line, line
    assert banned(one)["CN=bob"]["source"] == "automatic"
    assert one.gateway.status()["edge"]["bans"] == {"manual": 0, "automatic": 1}
    eventually(lambda: status(one, bob) == 403, "the ban did not end")
    with client(one, bob) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 6)
        for _ in range(5):
            connection.read_reply()
    entry = banned(one)["CN=bob"]
    assert entry["until"] - entry["since"] == 4 and entry["times"] == 2, entry


def test_over_http2_with_a_call(balanced, bob):
    one = balanced({**FEW, "for": "1m"})
    with client(one, bob, version=2) as connection:
        call = {"method": "POST", "fields": [("content-type", "application/grpc"), ("te", "trailers")]}
        blocks = [connection.headers(connection.fields(), number, end=True) for number in (1, 3, 5, 7, 9)]
        blocks += [connection.headers(connection.fields(**call), 11, end=True)]
        connection.send(b"".join(blocks))
        assert [connection.read_response(number).code for number in (1, 3, 5, 7, 9)] == ["SP3001"] * 5
        reply = connection.read_response(11)
        assert reply.status == 200 and reply.get("grpc-status") == "7", reply
        assert "SP4095" in reply.get("grpc-message"), reply


def test_an_address_whose_handshakes_fail(balanced, alice):
    one = balanced({**FEW, "for": "1m"})
    mark = one.gateway.mark()
    for _ in range(5):
        assert status(one, None) is None
    line = one.gateway.logged("client banned", since=mark)
    assert "SP4094" in line and HERE in line and "SP2001" in line, line
    assert status(one, alice) is None
    assert status(one, alice, THERE) == 200
    ban(one, "remove", HERE)
    assert status(one, alice) == 200


def test_a_client_of_ipv6_is_its_network(balanced, alice):
    one = balanced({**FEW, "for": "1m"})
    for number in range(5):
        assert status(one, None, f"2001:db8::{number + 1}") is None
    eventually(lambda: "2001:db8::/64" in banned(one), "not banned")
    assert status(one, alice, "2001:db8::ffff") is None
    assert status(one, alice, "2001:db8:0:1::1") == 200


def test_malformed_requests(balanced, bob, alice):
    one = balanced({**FEW, "for": "1m"})
    for _ in range(5):
        with client(one, bob) as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            assert connection.read_reply().status == 400
    assert status(one, bob) is None
    assert status(one, alice) == 200


def test_exempt_addresses_are_never_banned_automatically(balanced, alice, bob):
    one = balanced({**FEW, "for": "1m"}, exempt=["127.0.0.0/8", f"{HERE}/32"])
    for _ in range(10):
        assert status(one, None) is None
        assert status(one, bob) == 403
    assert not banned(one)
    ban(one, "add", HERE, "--because", "an operator may")
    assert status(one, alice) is None


def test_what_is_missing_or_fails_is_no_offence(balanced, alice):
    one = balanced({**FEW, "for": "1m"}, routes=[
        {"name": "all", "match": {"path": "/down"}, "allow": ["alice"], "to": "http://127.0.0.1:9"}])
    with client(one, alice) as connection:
        for _ in range(10):
            assert connection.request(path="/").status == 404
            assert connection.request(path="/down").status >= 500
    assert not banned(one)


def test_nobody_is_banned_automatically_unless_the_file_says_so(balanced, bob):
    one = balanced()
    with client(one, bob) as connection:
        for _ in range(250):
            assert connection.request().status == 403
    assert not banned(one)


# What it outlives


def test_reloads_and_restarts(balanced, alice, bob):
    one = balanced({**FEW, "for": "1h"})
    ban(one, "add", HERE, "--because", "x", "--forever")
    with client(one, bob, THERE) as connection:
        for _ in range(5):
            connection.request()
    one.change("limits", {"addresses": {"exempt": ["127.0.0.0/8"]}})
    one.gateway.write(one.configuration if isinstance(one.configuration, str) else json.dumps(one.configuration))
    one.gateway.command("reload")
    assert status(one, alice) is None and status(one, bob, THERE) is None
    before = banned(one)
    assert set(before) == {HERE, "CN=bob"}
    one.gateway.stop()
    again = Gateway(one.gateway.folder, one.configuration)
    one.gateway = again
    assert banned(one) == before
    assert status(one, alice) is None and status(one, bob, THERE) is None
    assert status(one, alice, THERE) == 200


def test_another_process(balanced, alice):
    one = balanced()
    ban(one, "add", HERE, "--because", "x")
    one.gateway.command("upgrade")
    assert set(banned(one)) == {HERE}
    assert status(one, alice) is None and status(one, alice, THERE) == 200
    ban(one, "remove", HERE)
    assert status(one, alice) == 200
    one.gateway.command("stop")


@pytest.mark.parametrize("content", [
    "", "{", "{}", "[{}]", '[{"who": "10.0.0.1/24", "since": 1, "because": "x", "source": "manual", "times": 1}]',
    '[{"who": "a", "since": 1, "because": "x", "source": "other", "times": 1}]',
    '[{"who": "a", "since": 1, "because": "x", "source": "manual", "times": 0}]',
    '[{"who": "a", "since": 5, "until": 5, "because": "x", "source": "manual", "times": 1}]',
    '[{"who": "a", "since": 1, "because": "a\\u001b[31m", "source": "manual", "times": 1}]',
    '[' + ",".join(['{"who": "a", "since": 1, "because": "x", "source": "manual", "times": 1}'] * 2) + ']'])
def test_a_damaged_file_is_not_guessed_at(content, edge, serve):
    one = edge(serve())
    one.gateway.stop()
    (one.gateway.state / "bans.json").write_text(content)
    again = Gateway(one.gateway.folder, one.configuration, wait=False)
    assert again.wait() == 1
    assert "SP1380" in again.output and "bans.json" in again.output, again.output
