"""The audit trail: what is recorded, that it cannot be changed unseen, and what happens when it was."""

import getpass
import json
import sqlite3
import subprocess
import time

import pytest

from clients import Client, Closed
from gateway import Gateway, Lines, binary, sallyport

ROUTES = {
    "routes": [
        {"name": "strict", "match": {"path": "/strict/*"}, "allow": ["alice"], "to": None},
        {"name": "loose", "match": {"path": "/*"}, "allow": ["alice"], "to": None},
    ],
    "identities": {"alice": {"commonName": "alice", "issuer": "test"}, "bob": {"commonName": "bob", "issuer": "test"}},
}
USER = f"os:{getpass.getuser()}"


@pytest.fixture
def recording(edge, serve):
    """A gateway that keeps everything, with a strict route, in front of one upstream."""
    def start(handler=None, **changes):
        upstream = serve(handler) if handler else serve()
        routes = [{**route, "to": upstream.url} for route in ROUTES["routes"]]
        audit = changes.pop("audit", {"keep": ["handshakes", "refusals"], "strict": ["strict"]})
        return edge(upstream, routes=routes, identities=ROUTES["identities"], audit=audit, **changes)
    return start


def records(state, **options):
    done = sallyport("audit", "export", state=state, **options)
    return [json.loads(line) for line in done.stdout.splitlines()]


def verify(state):
    done = sallyport("audit", "verify", "--json", state=state, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode == 0) == report["sound"], done.stderr
    return report


def eventually(find, what, timeout=15):
    deadline = time.monotonic() + timeout
    while not (found := find()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def of(event, state):
    return [record for record in records(state) if record["event"] == event]


def tamper(state, *statements):
    """What somebody does who may write to the database."""
    with sqlite3.connect(state / "sallyport.db") as database:
        database.execute("DROP TRIGGER IF EXISTS audit_is_never_changed")
        database.execute("DROP TRIGGER IF EXISTS audit_is_removed_behind_anchors")
        for statement in statements:
            database.execute(statement)
    database.close()


def filled(tmp_path, count=20):
    """A state directory with this many records, written by commands."""
    state = tmp_path / "state"
    for number in range(count):
        sallyport("key", "create", f"key-{number}", state=state)
    return state


# What is recorded


def test_a_strict_request_is_recorded_before_its_upstream_sees_it(recording, alice):
    seen = []

    def look(connection):
        while True:
            connection.read_request()
            answer(connection)

    def answer(connection):
        with sqlite3.connect(f"file:{one.gateway.state}/sallyport.db?mode=ro", uri=True) as database:
            bodies = [json.loads(body) for (body,) in database.execute("SELECT body FROM audit")]
        seen.append([body["object"] for body in bodies if body["event"] == "request.permitted"])
        connection.reply()

    one = recording(look)
    with one.client(alice) as client:
        assert client.request(path="/strict/a?secret=1").status == 200
        assert client.request(path="/loose").status == 200
    assert seen == [["GET localhost/strict/a"]] * 2
    (record,) = of("request.permitted", one.gateway.state)
    line = one.gateway.access_line(lambda line: line["url.path"] == "/strict/a")
    assert record["request"] == line["sallyport.request_id"]
    assert (record["actor"], record["issuer"], record["subject"]) == ("alice", "test", "CN=alice")
    assert (record["rule"], record["generation"], record["address"]) == ("strict", 1, "127.0.0.1")
    assert "secret" not in json.dumps(record)


@pytest.mark.parametrize("version", [1, 2], ids=["HTTP/1.1", "HTTP/2"])
def test_content_waits_for_the_record(recording, alice, version):
    from http2_client import HTTP2Client
    one = recording()
    content = b"c" * 300_000
    if version == 1:
        with one.client(alice) as client:
            assert client.request("POST", "/strict/content", body=content).status == 200
    else:
        with HTTP2Client(one.port, alice) as client:
            assert client.ask(content, method="POST", path="/strict/content").status == 200
    assert [request.body for request in one.upstream.requests] == [content]
    assert [record["object"] for record in of("request.permitted", one.gateway.state)] == ["POST localhost/strict/content"]


def test_refused_requests_are_recorded(recording, bob):
    one = recording()
    with one.client(bob) as client:
        assert client.request(path="/strict/b").status == 403
        # The answer came after the commit.
        (record,) = of("request.refused", one.gateway.state)
        assert (record["actor"], record["reason"], record["rule"]) == ("bob", "SP3001", "strict")
        assert client.request(path="/loose").status == 403
    eventually(lambda: len(of("request.refused", one.gateway.state)) == 2, "the second refusal is not recorded")
    assert len(one.upstream.requests) == 0


def test_a_refusal_by_http2_is_recorded(recording, bob):
    from http2_client import HTTP2Client
    one = recording()
    with HTTP2Client(one.port, bob) as client:
        assert client.ask(path="/strict/b").status == 403
    assert [record["object"] for record in of("request.refused", one.gateway.state)] == ["GET localhost/strict/b"]


def test_without_keep_only_strict_routes_are_recorded(recording, alice, bob):
    one = recording(audit={"strict": ["strict"]})
    with one.client(bob) as client:
        assert client.request(path="/loose").status == 403
        assert client.request(path="/strict/b").status == 403
    with pytest.raises((OSError, Closed)), Client(one.port, None) as client:
        client.request()
    with one.client(alice) as client:
        assert client.request(path="/loose").status == 200
    one.gateway.stop()
    events = [record["event"] for record in records(one.gateway.state)]
    assert events == ["gateway.started", "request.refused", "gateway.stopped"]


def test_a_refused_handshake_is_recorded(recording):
    one = recording()
    with pytest.raises((OSError, Closed)), Client(one.port, None) as client:
        client.request()
    (record,) = eventually(lambda: of("handshake.refused", one.gateway.state), "no record")
    assert (record["reason"], record["rule"], record["object"]) == ("SP2001", "main", "localhost")
    assert record["connection"].startswith("hs-")


def test_a_flood_of_refused_handshakes_is_counted(recording):
    one = recording(limits={"addresses": {"exempt": ["127.0.0.0/8"]}})
    count = 300
    for _ in range(count):
        with pytest.raises((OSError, Closed)), Client(one.port, None) as client:
            client.request()

    def total():
        single = len(of("handshake.refused", one.gateway.state))
        summed = sum(int(record["object"].split()[0]) for record in of("audit.summarised", one.gateway.state))
        return single + summed == count and (single, summed)
    eventually(total, "some are missing")
    assert verify(one.gateway.state)["sound"]


def test_what_operators_do_is_recorded(recording, tmp_path):
    one = recording()
    run, state = one.gateway.command, one.gateway.state
    run("cert", "client", "carol")
    run("cert", "revoke", "carol", "--yes")
    run("cert", "revoke", "--serial", "0A0B", "--issuer", "test", "--yes")
    run("cert", "revoke", "--serial", "0A0B", "--issuer", "test", "--undo", "--yes")
    run("key", "create", "ci", "--identity", "alice")
    run("key", "revoke", "ci")
    run("ban", "add", "203.0.113.7", "--because", "test")
    run("ban", "remove", "203.0.113.7")
    run("reload")
    (one.gateway.file).write_text("version: 1\nnonsense: 1\n")
    assert run("reload", check=False).returncode == 78
    run("ca", "rotate", "--yes")
    one.gateway.stop()
    found = [(record["event"], record.get("actor")) for record in records(state)]
    assert found == [
        ("gateway.started", USER), ("certificate.issued", USER), ("certificate.revoked", USER),
        ("certificate.denied", USER), ("certificate.allowed", USER), ("key.created", USER), ("key.revoked", USER),
        ("ban.added", USER), ("ban.lifted", USER), ("configuration.loaded", USER), ("configuration.refused", USER),
        ("authority.rotated", USER), ("gateway.stopped", None)]
    report = verify(state)
    assert report["sound"] and report["records"] == len(found)


def test_secrets_are_in_no_record(tmp_path):
    state = tmp_path / "state"
    key = sallyport("key", "create", "ci", state=state).stdout.strip()
    assert key.startswith("sp_")
    assert key not in sallyport("audit", "export", state=state).stdout
    secret = (state / "audit/key").read_text().strip()
    for arguments in (["audit", "export", "--public-key"], ["audit", "export", "--checkpoints"], ["store", "show"]):
        assert secret not in sallyport(*arguments, state=state).stdout


def test_tail_follows(tmp_path):
    state = filled(tmp_path, 3)
    tail = subprocess.Popen(
        [binary(), "audit", "tail", "--follow", "--json", "--lines", "1", "--state", str(state)], stdout=subprocess.PIPE,
        text=True)
    try:
        lines = Lines(tail.stdout)
        eventually(lambda: len(lines.lines) == 1, "the last record is not shown")
        sallyport("key", "create", "later", state=state)
        eventually(lambda: len(lines.lines) == 2, "the new record is not shown")
        assert [json.loads(line)["object"] for line in lines.lines] == ["key-2", "later"]
    finally:
        tail.kill()
        tail.wait()


def test_words_in_records_do_no_harm_to_a_terminal(tmp_path):
    state = filled(tmp_path, 1)
    sallyport("audit", "resume", "--because", "\x1b[31mred\u202e", "--yes", state=state)
    shown = sallyport("audit", "tail", state=state).stdout
    assert "\x1b" not in shown and "\u202e" not in shown and "[31mred" in shown


# What was done to it is named


@pytest.mark.parametrize(("statements", "findings"), [
    (["DELETE FROM audit WHERE seq BETWEEN 5 AND 8"], ["records 5 to 8 were deleted"]),
    (["DELETE FROM audit WHERE seq = 1"], ["record 1 was deleted"]),
    (["UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'key-6', 'key-7') AS BLOB) WHERE seq = 7"],
     ["record 7 was changed"]),
    (["UPDATE audit SET seq = -1 WHERE seq = 14", "UPDATE audit SET seq = 14 WHERE seq = 15",
      "UPDATE audit SET seq = 15 WHERE seq = -1"],
     ["records were reordered: at the place of 14 stands 15", "records were reordered: at the place of 15 stands 14"]),
    (["DELETE FROM audit WHERE seq > 17", "DELETE FROM audit_checkpoint"],
     ["records 18 to 20 were cut off from the end"]),
], ids=["deleted", "first", "changed", "reordered", "cut-off"])
def test_a_damaged_chain_is_named(tmp_path, statements, findings):
    state = filled(tmp_path)
    assert verify(state)["sound"]
    tamper(state, *statements)
    assert [finding["text"] for finding in verify(state)["findings"]] == findings


def test_nothing_is_added_to_a_trail_whose_end_is_missing(tmp_path, recording, alice):
    one = recording()
    with one.client(alice) as client:
        for number in range(5):
            assert client.request(path=f"/strict/{number}").status == 200
    one.gateway.stop()
    last = records(one.gateway.state)[-1]["seq"]
    tamper(one.gateway.state, f"DELETE FROM audit WHERE seq > {last - 3}", "DELETE FROM audit_checkpoint")
    again = Gateway(one.gateway.folder, one.configuration, wait=False)
    try:
        again.wait_for("SP8025", where=again.stderr)
        assert again.wait() == 1
        refused = again.command("key", "create", "ci", check=False)
        assert refused.returncode == 1 and "SP8025" in refused.stderr
        assert again.command("key", "list", "--json").stdout.strip() == "[]"
        again.command("audit", "resume", "--because", "test", "--yes")
    finally:
        again.stop()
    third = Gateway(one.gateway.folder, one.configuration)
    third.stop()
    report = verify(third.state)
    assert report["sound"] and report["declared"] == [{"from": last - 2, "to": last, "by": last + 1}]


def test_a_head_kept_elsewhere_is_compared(tmp_path):
    state = filled(tmp_path, 3)
    head = verify(state)["head"]
    sallyport("key", "create", "later", state=state)
    assert sallyport("audit", "verify", "--head", head, state=state).returncode == 0
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    wrong = sallyport("audit", "verify", "--head", other, state=state, check=False)
    assert wrong.returncode == 1 and "record 3 has not the hash that was expected" in wrong.stdout


def test_the_export_can_be_checked_without_us(tmp_path):
    """Hashes and signatures, as docs/audit.md describes them, with other people's tools."""
    import hashlib

    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    state = filled(tmp_path, 5)
    before, hashes = "0" * 64, {}
    for line in sallyport("audit", "export", state=state).stdout.splitlines():
        record = json.loads(line)
        body = line[:line.rindex(',"previous":')] + "}"
        assert record["previous"] == before
        before = hashlib.sha256(b"sallyport audit record 1\n" + bytes.fromhex(before) + body.encode()).hexdigest()
        assert record["hash"] == before
        hashes[record["seq"]] = before
    key = load_pem_public_key(sallyport("audit", "export", "--public-key", state=state).stdout.encode())
    checkpoints = [json.loads(line) for line in
                   sallyport("audit", "export", "--checkpoints", state=state).stdout.splitlines()]
    assert [one["seq"] for one in checkpoints] == [1, 2, 3, 4, 5]
    for one in checkpoints:
        assert one["hash"] == hashes[one["seq"]]
        statement = f"sallyport audit checkpoint 1\n{one['kind']}\n{one['seq']}\n{one['hash']}\n{one['time']}\n"
        key.verify(bytes.fromhex(one["signature"]), statement.encode())


# The store


def test_a_damaged_database_is_not_served(recording, alice):
    one = recording()
    one.gateway.stop()
    file = one.gateway.state / "sallyport.db"
    bytes_ = bytearray(file.read_bytes())
    bytes_[4096:] = b"\xa5" * (len(bytes_) - 4096)
    file.write_bytes(bytes_)
    again = Gateway(one.gateway.folder, one.configuration, wait=False)
    try:
        again.wait_for("SP8021(.|\n)*fix:", where=again.stderr)
        assert again.wait() == 1
    finally:
        again.stop()


def test_a_backup_of_a_running_gateway_is_restored(recording, alice, tmp_path):
    one = recording()
    with one.client(alice) as client:
        assert client.request(path="/strict/before").status == 200
        copy = tmp_path / "copy.db"
        one.gateway.command("store", "backup", copy)
        assert one.gateway.command("store", "backup", copy, check=False).returncode == 1
        assert client.request(path="/strict/after").status == 200
    one.gateway.stop()
    state = one.gateway.state
    for suffix in ("", "-wal", "-shm"):
        (state / f"sallyport.db{suffix}").unlink(missing_ok=True)
    copy.rename(state / "sallyport.db")
    one.gateway.command("store", "check")
    assert one.gateway.command("audit", "verify", check=False).returncode == 1
    one.gateway.command("audit", "resume", "--because", "restored", "--yes")
    again = Gateway(one.gateway.folder, one.configuration)
    again.stop()
    assert verify(state)["sound"]
    paths = [record["object"] for record in of("request.permitted", state)]
    assert paths == ["GET localhost/strict/before"]


def test_two_gateways_and_commands_make_one_chain(recording, alice):
    """While another process takes over, both write, and so do commands."""
    one = recording()
    with one.client(alice) as client:
        for number in range(3):
            assert client.request(path=f"/strict/{number}").status == 200
            one.gateway.command("key", "create", f"key-{number}")
    one.gateway.command("upgrade")
    try:
        one.gateway.wait()
        with one.client(alice) as client:
            assert client.request(path="/strict/later").status == 200
    finally:
        one.gateway.command("stop")
    assert len(of("request.permitted", one.gateway.state)) == 4
    assert [len(of(f"gateway.{event}", one.gateway.state)) for event in ("started", "stopped")] == [2, 2]
    assert verify(one.gateway.state)["sound"]
