"""Reload is a transaction: all of the new file or nothing of it, and no request notices."""

import copy
import json
import os
import re
import signal
import threading
import time

import pytest

from certificates import Authority
from clients import Closed
from gateway import free_port

RELOADS = int(os.environ.get("SALLYPORT_RELOADS", "40"))


def changed(one, path, value):
    configuration = copy.deepcopy(one.configuration)
    *above, last = path.split("__")
    place = configuration
    for key in above:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return configuration


def status_of(one, credential, path="/"):
    with one.client(credential) as client:
        return client.request(path=path).status


def eventually(check, timeout=5):
    deadline = time.monotonic() + timeout
    while not check() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert check()


def test_a_good_file(edge, serve, alice, bob):
    one = edge(serve())
    assert status_of(one, bob) == 403
    configuration = changed(one, "routes__0__allow", ["alice", "bob"])
    configuration["identities"]["bob"] = {"commonName": "bob", "issuer": "test"}
    one.gateway.write(configuration)
    assert "2" in one.gateway.command("reload").stdout
    assert (status_of(one, bob), status_of(one, alice)) == (200, 200)
    assert one.gateway.status()["generation"] == 2


def test_a_bad_file_changes_nothing(edge, serve, alice):
    one = edge(serve())
    one.gateway.write(changed(one, "tlsProfiles__edge__clientCertificates", {"mode": "requird", "trust": ["test"]}))
    done = one.gateway.command("reload", check=False)
    assert done.returncode == 78
    text = done.stdout + done.stderr
    assert "SP1203" in text and 'did you mean "require"?' in text and "keeps serving" in text, text
    assert status_of(one, alice) == 200
    status = one.gateway.status()
    assert status["generation"] == 1 and status["lastReload"]["succeeded"] is False, status
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    assert one.gateway.status()["lastReload"]["succeeded"] is True


def test_a_file_that_is_gone(edge, serve, alice):
    one = edge(serve())
    one.gateway.file.unlink()
    assert one.gateway.command("reload", check=False).returncode == 78
    assert status_of(one, alice) == 200


def test_a_certificate_that_is_broken(edge, serve, alice, authority):
    """What parses may still not build: then nothing is swapped either."""
    one = edge(serve())
    other = authority.issue("localhost", names=["localhost"])
    one.gateway.write(changed(one, "listeners__main__tls__key", f"file:{other.key_file}"))
    done = one.gateway.command("reload", check=False)
    assert done.returncode != 0 and re.search(r"SP2254|SP1\d\d\d", done.stdout + done.stderr), done
    assert status_of(one, alice) == 200


def test_hangup_reloads(edge, serve, bob):
    one = edge(serve())
    configuration = changed(one, "routes__0__allow", ["alice", "bob"])
    configuration["identities"]["bob"] = {"commonName": "bob", "issuer": "test"}
    one.gateway.write(configuration)
    one.gateway.signal(signal.SIGHUP)
    eventually(lambda: status_of(one, bob) == 200)


def test_hangup_with_a_bad_file(edge, serve, alice):
    one = edge(serve())
    mark = one.gateway.mark()
    one.gateway.write("version: 1\nlisteners: [")
    one.gateway.signal(signal.SIGHUP)
    one.gateway.logged("SP1", since=mark)
    assert one.gateway.alive and status_of(one, alice) == 200


def test_watch(edge, serve, alice):
    """A file that is written in two halves is a bad file in between, and a good one in the end."""
    one = edge(serve(), arguments=["--watch"])
    configuration = changed(one, "routes__0__match__path", "/only/*")
    mark = one.gateway.mark()
    text = json.dumps(configuration, indent=2)
    one.gateway.write(text[:len(text) // 2])
    one.gateway.logged("SP1", since=mark, timeout=5)
    assert status_of(one, alice) == 200
    one.gateway.write(text)
    eventually(lambda: status_of(one, alice) == 404)
    assert status_of(one, alice, "/only/x") == 200


def test_watch_sees_a_file_replaced(edge, serve, alice):
    """As editors do it: a new file renamed over the old one."""
    one = edge(serve(), arguments=["--watch"])
    fresh = one.gateway.folder / "new.yaml"
    fresh.write_text(json.dumps(changed(one, "routes__0__match__path", "/only/*")))
    fresh.rename(one.gateway.file)
    eventually(lambda: status_of(one, alice) == 404)


def test_an_exchange_finishes_on_its_snapshot(edge, serve, alice):
    """What was begun under the old rules ends under them, and the next request meets the new ones."""
    go = threading.Event()

    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            go.wait(15)
            connection.send(b"after")
    one = edge(serve(behaviour))
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"first")
        one.gateway.write(changed(one, "routes__0__allow", []))
        one.gateway.command("reload")
        go.set()
        assert client.read_exactly(5) == b"after"
        try:
            assert client.request().status == 403
        except Closed:
            pass
    assert status_of(one, alice) == 403


def test_trust_taken_away_holds_for_open_connections(edge, serve, alice, authority, tmp_path):
    """A connection that was let in by an authority that is trusted no longer is not served any more."""
    one = edge(serve())
    with one.client(alice) as client:
        assert client.request().status == 200
        stranger = Authority(tmp_path, "Successor")
        one.gateway.write(changed(one, "pki__authorities__test__file", str(stranger.file)))
        one.gateway.command("reload")
        try:
            assert client.request().status == 403
        except Closed:
            pass
    assert len(one.upstream.requests) == 1


def test_reloads_under_load(edge, serve, alice):
    """SALLYPORT_RELOADS=200 for the whole of it. No request fails, none is refused, memory does not run away."""
    one = edge(serve(), arguments=["--threads", "2"])
    statuses, failures, ended = [], [], threading.Event()

    def load(fresh):
        client = one.client(alice)
        while not ended.is_set():
            try:
                statuses.append(client.request(path="/load").status)
                if fresh or len(statuses) % 50 == 0:
                    client.close()
                    client = one.client(alice)
            except (Closed, OSError) as error:
                failures.append(repr(error))
                client = one.client(alice)
            time.sleep(0.008)
        client.close()
    threads = [threading.Thread(target=load, args=(number == 0,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for number in range(RELOADS):
        one.gateway.write(changed(one, "routes__0__name", f"all-{number}"))
        one.gateway.command("reload")
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(statuses) == {200} and len(statuses) > RELOADS
    assert one.gateway.status()["generation"] == RELOADS + 1
    assert one.gateway.open_files() < 100


def test_listeners_come_and_go(edge, serve, alice):
    one = edge(serve())
    second = free_port()
    configuration = changed(one, "listeners__main__address", f"127.0.0.1:{second}")
    one.gateway.write(configuration)
    one.gateway.command("reload")
    old, one.port = one.port, second
    assert status_of(one, alice) == 200
    one.port = old
    with pytest.raises(OSError):
        status_of(one, alice)


def test_a_listener_whose_port_is_taken(edge, serve, alice):
    """The port of somebody else: the reload fails and the old listeners stay."""
    upstream = serve()
    one = edge(upstream)
    one.gateway.write(changed(one, "listeners__main__address", f"127.0.0.1:{upstream.port}"))
    assert one.gateway.command("reload", check=False).returncode != 0
    assert status_of(one, alice) == 200


def test_diff(edge, serve):
    one = edge(serve())
    assert one.gateway.command("diff").returncode == 0
    one.gateway.write(changed(one, "routes__0__allow", []))
    done = one.gateway.command("diff", check=False)
    assert "allow" in done.stdout and "alice" in done.stdout, done
    assert one.gateway.status()["generation"] == 1
