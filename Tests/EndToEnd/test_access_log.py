"""The access log: one valid line per request, whatever the request says."""

import json

import pytest

import certificates
from conftest import files

REQUIRED = {
    "http.request.method", "url.path", "http.response.status_code", "http.route", "client.address", "sallyport.identity",
    "sallyport.generation"}


def lines_with(one, path):
    return [line for line in one.gateway.access_lines() if line.get("url.path") == path]


def test_required_fields(shared, alice):
    with shared.client(alice) as client:
        client.request(path="/logged?token=secret")
    line = shared.gateway.access_line(lambda line: line.get("url.path") == "/logged")
    assert REQUIRED <= set(line), REQUIRED - set(line)
    assert line["http.request.method"] == "GET" and line["http.response.status_code"] == 200
    assert line["http.route"] == "all" and line["sallyport.identity"] == "alice"
    assert line["client.address"].startswith("127.0.0.1") and line["sallyport.generation"] == 1


def test_a_refusal_names_its_code_and_request(shared, bob):
    with shared.client(bob) as client:
        reply = client.request(path="/refused")
    line = shared.gateway.access_line(lambda line: line.get("url.path") == "/refused")
    assert line["sallyport.reason"] == "SP3001" and line["http.response.status_code"] == 403
    assert reply.problem["request_id"] in line.values(), line


def test_a_query_is_not_logged(shared, alice):
    with shared.client(alice) as client:
        client.request(path="/query?password=hunter2")
    shared.gateway.access_line(lambda line: line.get("url.path") == "/query")
    assert "hunter2" not in shared.gateway.access_file.read_text()


def test_secrets_in_fields_are_not_logged(shared, alice):
    with shared.client(alice) as client:
        client.request(path="/secrets", fields=["Authorization: Bearer hunter3", "Cookie: session=hunter4"])
    shared.gateway.access_line(lambda line: line.get("url.path") == "/secrets")
    text = shared.gateway.access_file.read_text() + shared.gateway.output
    assert "hunter3" not in text and "hunter4" not in text


@pytest.mark.parametrize("path", [
    "/inject%0A%7B%22a%22:1%7D", "/inject%0D%0A", '/inject"quote"', "/inject%22,%22sallyport.identity%22:%22admin", "/inject%E2%80%A8",
    "/inject%1b%5b31m"])
def test_a_path_cannot_write_a_line(shared, alice, path):
    """An escape stays an escape; the log is one line per request and every line is JSON."""
    before = len(shared.gateway.access_lines())
    after = f"/after/{before}"
    for one in (path, after):
        with shared.client(alice) as client:
            client.request(path=one)
    shared.gateway.access_line(lambda line: line.get("url.path") == after)
    fresh = shared.gateway.access_lines()[before:]
    assert len(fresh) >= 2 and all(line.get("sallyport.identity") == "alice" for line in fresh), fresh
    raw = shared.gateway.access_file.read_bytes()
    assert b"\x1b" not in raw and b"\r" not in raw and b"\xe2\x80\xa8" not in raw


def test_a_malformed_request_is_logged(shared, alice):
    with shared.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a@b\x00\r\n\r\n")
        client.read_reply()
    shared.gateway.access_line(lambda line: line.get("http.response.status_code") == 400)


def test_a_subject_cannot_write_a_line(edge, serve, authority):
    """Names in certificates are input as well."""
    one = edge(serve())
    nasty = authority.issue("nasty", subject=certificates.name('evil"\n{"sallyport.identity":"admin"}\x1b[31m'))
    try:
        with one.client(files(nasty)) as client:
            client.request(path="/nasty")
    except OSError:
        pass
    with one.client(files(authority.issue("alice"))) as client:
        client.request(path="/after")
    one.gateway.access_line(lambda line: line.get("url.path") == "/after")
    assert not any(line.get("sallyport.identity") == "admin" for line in one.gateway.access_lines())
    assert "\x1b" not in one.gateway.output
    assert not any(line.startswith('{"sallyport.identity":"admin"}') for line in one.gateway.stderr.lines)


def test_nothing_is_lost(edge, serve, alice):
    """As many lines as requests, also when the gateway is stopped right after them."""
    one = edge(serve())
    with one.client(alice) as client:
        client.send(b"".join(b"GET /counted/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % n for n in range(2000)))
        for _ in range(2000):
            assert client.read_reply().status == 200
    one.gateway.stop()
    counted = [line["url.path"] for line in one.gateway.access_lines() if line["url.path"].startswith("/counted/")]
    assert sorted(counted) == sorted(f"/counted/{n}" for n in range(2000))


def test_standard_output(edge, serve, alice):
    one = edge(serve(), observability={"accessLog": {"to": "stdout", "format": "json"}})
    with one.client(alice) as client:
        client.request(path="/to-stdout")
    one.gateway.wait_for("/to-stdout", timeout=3, where=one.gateway.stdout)
    line = next(line for line in one.gateway.stdout.lines if "/to-stdout" in line)
    assert json.loads(line)["http.response.status_code"] == 200


def test_the_file_is_not_for_everyone(shared):
    assert shared.gateway.access_file.stat().st_mode & 0o777 == 0o640


def test_rotation(edge, serve, alice):
    """After the file was moved away, a reload opens a new one; no line is lost."""
    one = edge(serve())
    with one.client(alice) as client:
        client.request(path="/before")
        one.gateway.access_line(lambda line: line["url.path"] == "/before")
        one.gateway.access_file.rename(one.gateway.folder / "access.log.1")
        one.gateway.command("reload")
        client.close()
    with one.client(alice) as client:
        client.request(path="/after")
    one.gateway.access_line(lambda line: line["url.path"] == "/after")
