"""Policies of routes: addresses, methods, maintenance, fields, pages of other origins. """

import json
import threading
import time

import pytest

ROUTE = {"match": {"path": "/"}, "allow": ["alice"]}


@pytest.fixture
def upstream(serve):
    return serve()


@pytest.fixture
def governed(edge, upstream):
    """A gateway with these policies, of which the route names all but the baseline."""
    def start(**policies):
        names = [name for name in policies if name != "baseline"]
        route = {**ROUTE, "to": upstream.url, **({"policies": names} if names else {})}
        return edge(upstream, policies=policies, routes=[route])
    return start


def code(reply):
    return json.loads(reply.body)["code"]


def test_addresses(governed, alice):
    with governed(home={"addresses": {"deny": ["127.0.0.0/8", "::1/128"]}}).client(alice) as client:
        reply = client.request()
        assert (reply.status, code(reply)) == (403, "SP3011")
    with governed(home={"addresses": {"allow": ["127.0.0.0/8", "::1/128"]}}).client(alice) as client:
        assert client.request().status == 200


def test_a_route_cannot_take_away_what_the_baseline_demands(governed, alice):
    gateway = governed(baseline={"methods": ["GET"]}, mine={"methods": ["GET", "DELETE"]})
    with gateway.client(alice) as client:
        reply = client.request("DELETE")
        assert (reply.status, code(reply), reply.get("allow")) == (405, "SP3012", "GET")
        assert client.request().status == 200, "the connection goes on"


def test_maintenance(governed, alice):
    with governed(closed={"maintenance": {"retryAfter": "90s"}}).client(alice) as client:
        reply = client.request()
        assert (reply.status, code(reply), reply.get("retry-after")) == (503, "SP4093", "90")


@pytest.mark.parametrize("fields, body", [
    (["Content-Length: 101"], b"x" * 101), (["Transfer-Encoding: chunked"], b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n")])
def test_a_route_has_a_smaller_limit_for_content(governed, alice, fields, body):
    gateway = governed(small={"limits": {"body": "100B"}})
    with gateway.client(alice) as client:
        client.send("\r\n".join(["POST / HTTP/1.1", "Host: localhost", *fields]).encode() + b"\r\n\r\n" + body)
        reply = client.read_reply()
        assert (reply.status, code(reply)) == (413, "SP4033")


def test_fields_are_changed_both_ways(governed, upstream, alice):
    gateway = governed(
        baseline={"headers": {"response": {"set": {"strict-transport-security": "max-age=63072000"}}}},
        team={"headers": {"request": {"set": {"x-team": "orders"}, "remove": ["x-debug"], "add": {"x-tag": "gateway"}},
                          "response": {"remove": ["server"]}}})
    with gateway.client(alice) as client:
        reply = client.request(fields=["X-Team: mine", "X-Debug: 1", "X-Tag: client"])
        assert reply.status == 200 and reply.get("strict-transport-security") == "max-age=63072000"
    seen = upstream.requests[-1]
    assert seen.all("x-team") == ["orders"] and not seen.all("x-debug") and seen.all("x-tag") == ["client", "gateway"]


def test_the_gateways_own_refusals_bear_the_fields_too(governed, bob):
    gateway = governed(baseline={"headers": {"response": {"set": {"strict-transport-security": "max-age=1"}}}})
    with gateway.client(bob) as client:
        reply = client.request()
        assert reply.status == 403 and reply.get("strict-transport-security") == "max-age=1"


def test_what_is_removed_is_removed_everywhere(edge, serve, alice):
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.send(b"HTTP/1.1 103 Early Hints\r\nX-Inner: 1\r\nLink: </a>\r\n\r\n"
                            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Inner: 2\r\n\r\n"
                            b"1\r\nx\r\n0\r\nX-Inner: 3\r\nX-Sum: 4\r\n\r\n")
    upstream = serve(behaviour)
    one = edge(upstream, policies={"outer": {"headers": {"response": {"remove": ["x-inner"]}}}},
               routes=[{**ROUTE, "policies": ["outer"], "to": upstream.url}])
    with one.client(alice) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
        seen = client.read_until(b"\r\n0\r\n") + client.read_until(b"\r\n\r\n")
    assert b"103" in seen and b"link: </a>" in seen.lower() and b"x-sum: 4" in seen.lower()
    assert b"x-inner" not in seen.lower()


def test_the_baseline_holds_where_no_route_does(edge, upstream, alice):
    one = edge(upstream, policies={"baseline": {"securityHeaders": True}},
               routes=[{"match": {"path": "/here"}, "allow": ["alice"], "to": upstream.url}])
    with one.client(alice) as client:
        reply = client.request(path="/there")
        assert reply.status == 404 and reply.get("x-content-type-options") == "nosniff"


def test_refusals_before_a_route_is_known_bear_the_fields_of_the_baseline(governed, alice):
    gateway = governed(baseline={"limits": {"body": "10B"}, "securityHeaders": True})
    with gateway.client(alice) as client:
        reply = client.request("POST", body=b"x" * 11)
        assert reply.status == 413 and reply.get("x-content-type-options") == "nosniff"


PAGE = "https://www.example.org"


def test_a_preflight_request_is_answered_by_the_gateway(governed, upstream, alice):
    gateway = governed(pages={"cors": {
        "origins": [PAGE], "methods": ["GET", "PUT"], "headers": ["X-Team"], "credentials": True}})
    before = len(upstream.requests)
    with gateway.client(alice) as client:
        reply = client.request("OPTIONS", fields=[
            f"Origin: {PAGE}", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-team"])
        assert reply.status == 204 and reply.get("access-control-allow-origin") == PAGE
        assert reply.get("access-control-allow-methods") == "GET, PUT" and reply.get("vary") == "origin"
        assert reply.get("access-control-allow-credentials") == "true"
        for fields in (["Origin: https://evil.net", "Access-Control-Request-Method: PUT"],
                       [f"Origin: {PAGE}", "Access-Control-Request-Method: DELETE"],
                       [f"Origin: {PAGE}", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-other"]):
            reply = client.request("OPTIONS", fields=fields)
            assert (reply.status, code(reply)) == (403, "SP3013") and not reply.all("access-control-allow-origin")
    assert len(upstream.requests) == before, "the upstream is not asked"


def test_only_pages_of_the_list_may_read(governed, alice, bob):
    gateway = governed(pages={"cors": {"origins": [PAGE], "expose": ["x-seen"]}})
    with gateway.client(alice) as client:
        reply = client.request(fields=[f"Origin: {PAGE}"])
        assert reply.get("access-control-allow-origin") == PAGE and reply.get("vary") == "origin"
        assert reply.get("access-control-expose-headers") == "x-seen"
        reply = client.request(fields=["Origin: https://evil.net"])
        assert reply.status == 200 and not reply.all("access-control-allow-origin") and reply.get("vary") == "origin"
    with gateway.client(bob) as client:
        reply = client.request(fields=[f"Origin: {PAGE}"])
        assert reply.status == 403 and reply.get("access-control-allow-origin") == PAGE, "a page may read why"


def test_a_new_policy_holds_for_open_connections(governed, alice):
    one = governed(pages={"methods": ["GET", "DELETE"]})
    with one.client(alice) as client:
        for methods, status in ((["GET", "DELETE"], 200), (["GET"], 405), (["GET", "DELETE"], 200)):
            one.configuration["policies"]["pages"]["methods"] = methods
            one.gateway.write(one.configuration)
            one.gateway.command("reload")
            assert client.request("DELETE").status == status


@pytest.mark.parametrize("redirect, location", [
    ({"to": "https://www.example.org/new"}, "https://www.example.org/new"),
    ({"to": "https://www.example.org", "keepPath": True, "status": 307}, "https://www.example.org/a/b?q=1"),
    ({"to": "/", "keepPath": True}, "/a/b?q=1")])
def test_redirects(edge, alice, redirect, location):
    gateway = edge(routes=[{"match": {"path": "/old/*"}, "allow": ["alice"], "redirect": redirect,
                            "forward": {"stripPrefix": "/old"}}])
    with gateway.client(alice) as client:
        reply = client.request(path="/old/a/b?q=1")
        assert (reply.status, reply.get("location")) == (redirect.get("status", 308), location)


@pytest.mark.parametrize("path", ["/old//evil.net/", "/old/%2F/evil.net", "/old/..//evil.net", "/old/\\evil.net"])
def test_a_redirect_never_names_another_host_by_its_path(edge, alice, path):
    gateway = edge(routes=[
                           {"match": {"path": "/*"}, "allow": ["alice"], "redirect": {"to": "/", "keepPath": True}}])
    with gateway.client(alice) as client:
        reply = client.request(path=path)
        assert reply.status == 400 or not reply.get("location").startswith(("//", "/\\")), reply.get("location")


def test_a_prefix_takes_the_place_of_another(edge, upstream, alice):
    gateway = edge(upstream, routes=[
        {"match": {"path": "/orders/*"}, "allow": ["alice"], "to": upstream.url,
         "forward": {"stripPrefix": "/orders", "addPrefix": "/v2/shop"}}])
    with gateway.client(alice) as client:
        for path in ("/orders/7?x=1", "/orders"):
            assert client.request(path=path).status == 200
    assert [one.target for one in upstream.requests[-2:]] == ["/v2/shop/7?x=1", "/v2/shop/"]


def test_browsers_are_told_what_every_site_should_say(governed, serve, edge, alice):
    with governed(site={"securityHeaders": True}).client(alice) as client:
        reply = client.request()
        assert reply.get("x-content-type-options") == "nosniff" and reply.get("x-frame-options") == "SAMEORIGIN"

    def own(connection):
        while True:
            connection.read_request()
            connection.reply(fields=["X-Frame-Options: DENY"])
    frames = serve(own)
    one = edge(frames, policies={"site": {"securityHeaders": True}},
               routes=[{**ROUTE, "policies": ["site"], "to": frames.url}])
    with one.client(alice) as client:
        assert client.request().all("x-frame-options") == ["DENY"], "the service knows better"


@pytest.mark.parametrize("chunked", [False, True])
def test_responses_are_bounded(edge, serve, alice, chunked):
    def long(connection):
        while True:
            connection.read_request()
            if chunked:
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n" + b"x" * 100 + b"\r\n" +
                                b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n")
            else:
                connection.reply(b"x" * 101)
    upstream = serve(long)
    one = edge(upstream, policies={"short": {"limits": {"response": "100B"}}},
               routes=[{**ROUTE, "policies": ["short"], "to": upstream.url}])
    with one.client(alice) as client:
        if chunked:
            reply = client.request()
            assert not reply.complete and len(reply.body) <= 100
        else:
            reply = client.request()
            assert (reply.status, code(reply)) == (502, "SP5050")


class TestConsult:
    """A service that has to agree."""

    @pytest.fixture
    def consulting(self, edge, upstream, serve):
        def start(answer, **settings):
            def behaviour(connection):
                while True:
                    answer(connection, connection.read_request())
            service = serve(behaviour)
            one = edge(
                upstream, upstreams={"judge": {"targets": [service.url]}},
                policies={"asked": {"consult": {"upstream": "judge", "path": "/check?a=1", **settings}}},
                routes=[{"match": {"path": "/"}, "allow": ["alice"], "policies": ["asked"], "to": upstream.url}])
            one.service = service
            return one
        return start

    def test_what_it_is_told_and_what_it_says(self, consulting, upstream, alice, bob):
        one = consulting(lambda connection, _: connection.reply(fields=["X-User: 7", "X-Other: 1"]), take=["x-user"])
        with one.client(alice) as client:
            assert client.request("POST", "/a?b=c", fields=["Authorization: Bearer t", "Cookie: s=1", "X-User: 8",
                                                            "X-Forwarded-Method: GET", "X-Sallyport-Identity: root"],
                                  body=b"content").status == 200
        asked = one.service.requests[-1]
        assert asked.line == "GET /check?a=1 HTTP/1.1" and asked.body == b""
        assert asked.all("x-forwarded-method") == ["POST"] and asked.all("x-forwarded-uri") == ["/a?b=c"]
        assert asked.all("x-sallyport-identity") == ["alice"] and asked.get("authorization") == "Bearer t"
        assert asked.get("cookie") == "s=1" and not asked.all("x-user")
        seen = upstream.requests[-1]
        assert seen.all("x-user") == ["7"] and not seen.all("x-other") and seen.body == b"content"
        count = len(one.service.requests)
        with one.client(bob) as client:
            assert client.request().status == 403
        assert len(one.service.requests) == count, "it is not asked about what the gateway refuses itself"

    def test_it_sees_no_field_that_the_upstream_does_not(self, consulting, upstream, alice):
        one = consulting(lambda connection, _: connection.reply(), send=["x-tenant"])
        with one.client(alice) as client:
            assert client.request(fields=["Connection: x-tenant", "X-Tenant: mine"]).status == 200
        assert not one.service.requests[-1].all("x-tenant") and not upstream.requests[-1].all("x-tenant")

    def test_it_can_take_nothing_away_from_a_forged_field(self, consulting, upstream, alice):
        one = consulting(lambda connection, _: connection.reply(), take=["x-user"])
        with one.client(alice) as client:
            assert client.request(fields=["X-User: root"]).status == 200
        assert not upstream.requests[-1].all("x-user")

    @pytest.mark.parametrize("status, fields, expected", [
        ("403 Forbidden", [], (403, "SP3014")), ("404 Not Found", [], (403, "SP3014")),
        ("401 Unauthorized", ["WWW-Authenticate: Basic realm=x"], (401, "SP3015")),
        ("500 Internal Server Error", [], (503, "SP3016")), ("302 Found", [], (403, "SP3014"))])
    def test_it_refuses(self, consulting, upstream, alice, status, fields, expected):
        one = consulting(lambda connection, _: connection.reply(status=status, fields=fields))
        before = len(upstream.requests)
        with one.client(alice) as client:
            reply = client.request()
            assert (reply.status, code(reply)) == expected
            assert reply.all("www-authenticate") == (["Basic realm=x"] if fields else [])
            assert client.request().status == expected[0], "the connection goes on"
        assert len(upstream.requests) == before

    def test_it_sends_to_the_login(self, consulting, alice):
        one = consulting(lambda connection, _: connection.reply(
            status="302 Found", fields=["Location: https://id.example.org/login", "Set-Cookie: s=2"]))
        with one.client(alice) as client:
            reply = client.request()
            assert (reply.status, reply.get("location")) == (302, "https://id.example.org/login")
            assert reply.get("set-cookie") == "s=2" and reply.body == b""

    @pytest.mark.parametrize("settings, status", [
        ({}, 503), ({"whenUnavailable": "allow", "because": "a test"}, 200)])
    def test_it_hangs(self, consulting, alice, settings, status):
        over = threading.Event()
        one = consulting(lambda connection, _: over.wait(20), timeout="200ms", **settings)
        with one.client(alice) as client:
            began = time.monotonic()
            assert client.request().status == status
            assert time.monotonic() - began < 2
        over.set()

    def test_the_client_leaves_while_it_is_asked(self, consulting, alice):
        over = threading.Event()
        one = consulting(lambda connection, _: over.wait(20) and connection.reply(), timeout="10s")
        with one.client(alice) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            deadline = time.monotonic() + 5
            while not one.service.requests and time.monotonic() < deadline:
                time.sleep(0.01)
            assert one.service.requests
        over.set()
        assert one.gateway.access_line(lambda line: line.get("http.response.status_code") == 499)
        with one.client(alice) as client:
            assert client.request().status == 200
