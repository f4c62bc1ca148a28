"""HTTP/1.1 that must be refused (RFC 9112, RFC 9110, and the smuggling families), sent raw over mutual TLS.

For each case: the status and code, the connection is closed where the framing is in doubt, and nothing but a whole,
well-formed request ever reaches the upstream. The oracle against smuggling counts both sides: as many requests at the
upstream as replies 200 at the client."""

import time

import pytest

from clients import Closed

HOST = b"Host: localhost\r\n"


def get(fields=b"", target=b"/", version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + HOST + fields + b"\r\n"


def post(fields, body=b"", method=b"POST"):
    return method + b" / HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"

REFUSED = {
    # request line
    "bare LF ends the request line": (400, b"GET / HTTP/1.1\nHost: localhost\r\n\r\n"),
    "bare LF everywhere": (400, b"GET / HTTP/1.1\nHost: localhost\n\n"),
    "bare CR in the request line": (400, b"GET /\rx HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "two spaces after the method": (400, b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "tab between method and target": (400, b"GET\t/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "space before the method": (400, b" GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "no version": (400, b"GET /\r\nHost: localhost\r\n\r\n"),
    "a fourth part": (400, b"GET / HTTP/1.1 x\r\nHost: localhost\r\n\r\n"),
    "lower-case version": (400, get(version=b"http/1.1")),
    "RTSP": (400, get(version=b"RTSP/1.0")),
    "method with a control": (400, b"G\x01T / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "method with a colon": (400, b"G:T / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "HTTP/1.2": (505, get(version=b"HTTP/1.2")),
    "HTTP/2.0": (505, get(version=b"HTTP/2.0")),
    "HTTP/0.9": (505, get(version=b"HTTP/0.9")),
    "HTTP/11": (400, get(version=b"HTTP/11")),
    "CONNECT": (501, b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n"),
    "TRACE": (501, b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    # target
    "GET *": (400, get(target=b"*")),
    "a relative target": (400, get(target=b"index.html")),
    "a fragment": (400, get(target=b"/a#b")),
    "a control in the target": (400, get(target=b"/a\x01b")),
    "NUL in the target": (400, get(target=b"/a\x00b")),
    "non-ASCII in the target": (400, get(target=b"/caf\xc3\xa9")),
    "a backslash": (400, get(target=b"/a\\b")),
    "%00": (400, get(target=b"/a%00b")),
    "%2F": (400, get(target=b"/a%2Fb")),
    "%2f": (400, get(target=b"/a%2fb")),
    "%5C": (400, get(target=b"/a%5cb")),
    "an escape cut short": (400, get(target=b"/a%2")),
    "an escape that is none": (400, get(target=b"/a%zz")),
    "above the root": (400, get(target=b"/../etc/passwd")),
    "above the root, escaped": (400, get(target=b"/%2e%2e/etc/passwd")),
    "above the root, later": (400, get(target=b"/a/../../b")),
    "user information": (400, get(target=b"http://user@localhost/")),
    "another host in the target than in Host": (400, get(target=b"http://other.test/")),
    # header fields
    "no Host": (400, b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"),
    "two Hosts": (400, get(b"Host: localhost\r\n")),
    "an empty Host": (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    "Host with a path": (400, b"GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n"),
    "Host with user information": (400, b"GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n"),
    "Host with a list": (400, b"GET / HTTP/1.1\r\nHost: localhost, other\r\n\r\n"),
    "Host with a bad port": (400, b"GET / HTTP/1.1\r\nHost: localhost:99999\r\n\r\n"),
    "Host with a space": (400, b"GET / HTTP/1.1\r\nHost: local host\r\n\r\n"),
    "space before the colon": (400, get(b"X-A : b\r\n")),
    "tab before the colon": (400, get(b"X-A\t: b\r\n")),
    "no name": (400, get(b": b\r\n")),
    "no colon": (400, get(b"X-A\r\n")),
    "a folded line": (400, get(b"X-A: b\r\n c\r\n")),
    "a folded line with a tab": (400, get(b"X-A: b\r\n\tc\r\n")),
    "whitespace before the first field": (400, b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"),
    "bare LF ends a field": (400, get(b"X-A: b\nX-C: d\r\n")),
    "bare CR in a value": (400, get(b"X-A: b\rc\r\n")),
    "NUL in a value": (400, get(b"X-A: b\x00c\r\n")),
    "a control in a value": (400, get(b"X-A: b\x01c\r\n")),
    "DEL in a value": (400, get(b"X-A: b\x7fc\r\n")),
    "a name that is no token": (400, get(b"X(A): b\r\n")),
    "a non-ASCII name": (400, get(b"X-\xe9: b\r\n")),
    "an unknown expectation": (417, get(b"Expect: miracles\r\n")),
    # framing: length
    "Content-Length and Transfer-Encoding": (400, post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED)),
    "Transfer-Encoding and Content-Length": (400, post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + SMUGGLED)),
    "Content-Length twice, equal": (400, post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello")),
    "Content-Length twice, different": (400, post(b"Content-Length: 5\r\nContent-Length: 0\r\n", b"hello")),
    "Content-Length as a list": (400, post(b"Content-Length: 5, 5\r\n", b"hello")),
    "Content-Length +5": (400, post(b"Content-Length: +5\r\n", b"hello")),
    "Content-Length -5": (400, post(b"Content-Length: -5\r\n", b"hello")),
    "Content-Length 0x5": (400, post(b"Content-Length: 0x5\r\n", b"hello")),
    "Content-Length 5e0": (400, post(b"Content-Length: 5e0\r\n", b"hello")),
    "Content-Length of spaces inside": (400, post(b"Content-Length: 1 1\r\n", b"hello world")),
    "Content-Length empty": (400, post(b"Content-Length: \r\n", b"hello")),
    "Content-Length of 2^64": (400, post(b"Content-Length: 18446744073709551616\r\n", b"hello")),
    "Content-Length of 2^64+5": (400, post(b"Content-Length: 18446744073709551621\r\n", b"hello")),
    "Content-Length in another alphabet": (400, post("Content-Length: ٥\r\n".encode(), b"hello")),
    # framing: transfer coding
    "gzip, chunked": (501, post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n")),
    "identity": (501, post(b"Transfer-Encoding: identity\r\n", b"")),
    "chunked, identity": (400, post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n")),
    "chunked, chunked": (400, post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
    "chunked twice": (400, post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    "chunked with a parameter": (400, post(b"Transfer-Encoding: chunked;x=y\r\n", b"0\r\n\r\n")),
    "chunked in quotes": (400, post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n")),
    "chunked after a vertical tab": (400, post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n")),
    "chunked after a no-break space": (400, post(b"Transfer-Encoding: \xa0chunked\r\n", b"0\r\n\r\n")),
    "xchunked": (501, post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n")),
    "an empty coding": (400, post(b"Transfer-Encoding: \r\n", b"0\r\n\r\n")),
    ",chunked": (400, post(b"Transfer-Encoding: ,chunked\r\n", b"0\r\n\r\n")),
    "chunked in HTTP/1.0": (400, b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    # chunks
    "a chunk size that is no number": (400, post(b"Transfer-Encoding: chunked\r\n", b"x\r\nhello\r\n0\r\n\r\n")),
    "a chunk size 0x5": (400, post(b"Transfer-Encoding: chunked\r\n", b"0x5\r\nhello\r\n0\r\n\r\n")),
    "a chunk size +5": (400, post(b"Transfer-Encoding: chunked\r\n", b"+5\r\nhello\r\n0\r\n\r\n")),
    "a chunk size of 2^64": (400, post(b"Transfer-Encoding: chunked\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n")),
    "a chunk size with a space before": (400, post(b"Transfer-Encoding: chunked\r\n", b" 5\r\nhello\r\n0\r\n\r\n")),
    "a chunk size with bare LF": (400, post(b"Transfer-Encoding: chunked\r\n", b"5\nhello\r\n0\r\n\r\n")),
    "a chunk longer than it says": (400, post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello!\r\n0\r\n\r\n")),
    "a chunk without its line end": (400, post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello0\r\n\r\n")),
    "bare LF in a chunk extension": (400, post(b"Transfer-Encoding: chunked\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    "a trailer that is no field": (400, post(b"Transfer-Encoding: chunked\r\n", b"0\r\nbad trailer\r\n\r\n")),
    "a trailer with bare LF": (400, post(b"Transfer-Encoding: chunked\r\n", b"0\r\nX: a\nY: b\r\n\r\n")),
    "a GET with a body in Chunked": (400, b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    # limits
    "a long request line": (414, get(target=b"/" + b"a" * 9000)),
    "a long field": (431, get(b"X-A: " + b"a" * 17_000 + b"\r\n")),
    "large header fields together": (431, get(b"".join(b"X-%d: " % n + b"a" * 8000 + b"\r\n" for n in range(6)))),
    "too many header fields": (431, get(b"".join(b"X-%d: a\r\n" % n for n in range(150)))),
    "a large body announced": (413, post(b"Content-Length: 20000000\r\n", b"hello")),
    "a very large body announced": (413, post(b"Content-Length: 999999999999999999\r\n", b"hello")),
    "chunk extensions without end": (400, post(b"Transfer-Encoding: chunked\r\n", b"1;" + b"x" * 40_000 + b"\r\na\r\n0\r\n\r\n")),
    "zeros before a chunk size": (400, post(b"Transfer-Encoding: chunked\r\n", b"0" * 40_000 + b"1\r\na\r\n0\r\n\r\n")),
    "two empty lines before the request": (400, b"\r\n\r\n\r\n" + get()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, shared, alice):
    status, data = REFUSED[case]
    before = len(shared.upstream.requests)
    with shared.client(alice) as client:
        client.send(data)
        reply = client.read_reply()
        assert reply.status == status, (reply, case)
        assert reply.code.startswith(("SP40", "SP41", "SP300")), reply
        # Whatever follows on the connection must not be taken for a request.
        try:
            client.send(SMUGGLED)
            later = client.read_reply()
        except (Closed, OSError):
            later = None
        assert later is None, f"the connection went on after {case}: {later}"
    reached = shared.upstream.requests[before:]
    assert "/smuggled" not in [request.target for request in reached]
    # A head that was good may have been forwarded before a bad chunk came; it is then never completed.
    assert reached == [], reached


ACCEPTED = {
    "a plain GET": get(),
    "one empty line before the request": b"\r\n" + get(),
    "an absolute target": get(target=b"http://localhost/"),
    "lower-case field names": b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "no space after the colon": b"GET / HTTP/1.1\r\nHost:localhost\r\n\r\n",
    "spaces around a value": get(b"X-A:  \t b \t \r\n"),
    "an empty value": get(b"X-A:\r\n"),
    "obs-text in a value": get(b"X-A: caf\xe9\r\n"),
    "a host with a port": b"GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n",
    "a host in capitals": b"GET / HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n" + HOST + b"\r\n",
    "an upgrade that nobody takes": get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"),
    "a body": post(b"Content-Length: 5\r\n", b"hello"),
    "an empty body": post(b"Content-Length: 0\r\n"),
    "chunks": post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
    "chunked in capitals": post(b"Transfer-Encoding: Chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
    "chunks on a GET": post(b"Transfer-Encoding: Chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n", method=b"GET"),
    "chunk sizes in capitals": post(b"Transfer-Encoding: chunked\r\n", b"A\r\nhelloworld\r\n0\r\n\r\n"),
    "a chunk extension": post(b"Transfer-Encoding: chunked\r\n", b'5;a="b"\r\nhello\r\n0\r\n\r\n'),
    "a trailer": post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\nX-Trailer: yes\r\n\r\n"),
    "a body that looks like a request": post(b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED),
    "chunks that look like a request": post(
        b"Transfer-Encoding: Chunked\r\n", b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n", method=b"GET"),
}


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("pace", ["at once", "byte by byte"])
def test_accepted_and_followed_by_another(case, pace, shared, alice):
    """Exactly one request arrives for it, and the next one on the connection is the next one at the upstream."""
    data = ACCEPTED[case]
    before = len(shared.upstream.requests)
    with shared.client(alice) as client:
        for piece in ([data] if pace == "at once" else [data[n:n + 1] for n in range(len(data))]):
            client.send(piece)
        first = client.read_reply()
        assert first.status == 200, (first, case)
        arrived = 1
        if b"HTTP/1.0" not in data:
            assert client.request(path="/next").status == 200
            arrived = 2
    reached = shared.upstream.requests[before:]
    assert len(reached) == arrived, [request.line for request in reached]
    if arrived == 2:
        assert reached[1].target == "/next"
    if "look like" in case:
        assert reached[0].body == SMUGGLED


def test_options_of_the_whole_server(shared, alice):
    """`*` asks the gateway itself, which is the server here; the connection goes on."""
    with shared.client(alice) as client:
        assert client.request("OPTIONS", "*").status == 204
        assert client.request().status == 200


def test_pipelined_requests_are_answered_in_order(shared, alice):
    before = len(shared.upstream.requests)
    with shared.client(alice) as client:
        client.send(b"".join(get(target=b"/pipelined/%d" % n) for n in range(50)))
        assert [client.read_reply().status for _ in range(50)] == [200] * 50
    assert [request.target for request in shared.upstream.requests[before:]] == [f"/pipelined/{n}" for n in range(50)]


def test_a_bad_request_behind_good_ones(shared, alice):
    before = len(shared.upstream.requests)
    with shared.client(alice) as client:
        client.send(get(target=b"/one") + get(target=b"/two") + post(b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n") + SMUGGLED)
        assert [client.read_reply().status for _ in range(3)] == [200, 200, 400]
        assert client.is_closed()
    assert [request.target for request in shared.upstream.requests[before:]] == ["/one", "/two"]


def test_the_decided_path_is_the_forwarded_path(edge, serve, alice):
    """One normalised path: a guard on /admin cannot be walked around."""
    upstream = serve()
    one = edge(upstream, routes=[
        {"match": {"path": "/admin/*"}, "allow": [], "to": upstream.url},
        {"match": {"path": "/"}, "allow": ["alice"], "to": upstream.url}])
    around = ["/admin/x", "/a/../admin/x", "/./admin/x", "//admin/x", "/%61dmin/x", "/admin//x", "/%61%64%6d%69%6e/x", "/admin",
              "/x/%2e%2e/admin/x", "/admin/./x", "/x/..//admin/x"]
    with one.client(alice) as client:
        for path in around:
            assert client.request(path=path).code == "SP3001", path
        assert upstream.requests == []
        for sent, forwarded in {"/a/./b/../c": "/a/c", "/a//b": "/a/b", "/%7euser": "/~user", "/a%3ab?x=%2F..": "/a%3Ab?x=%2F.."}.items():
            assert client.request(path=sent).status == 200
            assert upstream.requests[-1].target == forwarded


@pytest.mark.parametrize("fields, status, code", [
    ([f"X-{n}: a" for n in range(20)], 431, "SP4032"), (["X-A: " + "a" * 5000], 431, "SP4031")])
def test_configured_header_limits(edge, serve, alice, fields, status, code):
    upstream = serve()
    one = edge(upstream, policies={"baseline": {"limits": {"body": "1KiB", "headers": "4KiB", "headerCount": 10}}})
    with one.client(alice) as client:
        reply = client.request(fields=fields)
        assert (reply.status, reply.code) == (status, code)
    assert upstream.requests == []


def test_configured_body_limit(edge, serve, alice):
    """Known from Content-Length: nothing is forwarded. Found out while chunks arrive: the upstream sees no end."""
    upstream = serve()
    one = edge(upstream, policies={"baseline": {"limits": {"body": "1KiB", "headers": "4KiB", "headerCount": 10}}})
    with one.client(alice) as client:
        assert client.request("POST", body=b"x" * 1024).status == 200
        reply = client.request("POST", body=b"x" * 1025)
        assert (reply.status, reply.code) == (413, "SP4033")
    with one.client(alice) as client:
        client.send(post(b"Transfer-Encoding: chunked\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n"))
        reply = client.read_reply()
        assert (reply.status, reply.code) == (413, "SP4033")
        assert client.is_closed()
    assert len(upstream.requests) == 1


def test_a_slow_head_is_ended(shared, alice):
    """Slowloris: a byte now and then does not keep a head alive beyond its absolute deadline."""
    mark = len(shared.upstream.requests)
    begun = time.monotonic()
    with shared.client(alice, timeout=30) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        client.socket.settimeout(1)
        reply = None
        while reply is None and time.monotonic() - begun < 25:
            try:
                client.send(b"X-A: b\r\n")
                reply = client.read_reply()
            except TimeoutError:
                continue
            except (Closed, OSError):
                break
        if reply:
            assert reply.status == 408, reply
    assert 5 < time.monotonic() - begun < 15
    assert len(shared.upstream.requests) == mark
