"""Policies of routes: addresses, methods, maintenance, fields, pages of other origins. """

import json

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
