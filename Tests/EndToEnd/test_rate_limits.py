"""How much a caller may do, on one gateway."""

import re
import threading
import time

import pytest

from http2_client import HTTP2Client

ROUTE = {"name": "all", "match": {"path": "/"}, "allow": ["alice"]}


@pytest.fixture
def limited(edge, serve):
    """A gateway whose one route is under these policies besides the baseline."""
    def start(upstream=None, **policies):
        upstream = upstream or serve()
        names = [name for name in policies if name != "baseline"]
        return edge(upstream, policies=policies, routes=[{**ROUTE, "to": upstream.url, "policies": names}])
    return start


def statuses(client, count):
    return [client.request().status for _ in range(count)]


def limit(gateway, name):
    return next(one for one in gateway.status()["limits"] if one["name"] == name)


def test_the_count_is_exact_over_both_versions_and_many_connections(limited, alice):
    """Ten connections at a time ask for three times as much as there is; nothing comes back meanwhile."""
    gateway = limited(calls={"rateLimit": {"by": "identity", "rate": "60/hour", "burst": 60}})
    found, lock = [], threading.Lock()

    def one():
        with gateway.client(alice) as client:
            mine = statuses(client, 18)
        with lock:
            found.extend(mine)

    def two():
        with HTTP2Client(gateway.port, alice) as client:
            mine = [client.ask().status for _ in range(18)]
        with lock:
            found.extend(mine)

    threads = [threading.Thread(target=work) for work in [one, two] * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 180 and set(found) == {200, 429}
    assert found.count(200) == 60
    assert limit(gateway.gateway, "calls")["refused"] == 120


def test_a_refusal_says_what_the_draft_says(limited, alice):
    gateway = limited(calls={"rateLimit": {"by": "identity", "rate": "2/min"}})
    with gateway.client(alice) as client:
        first = client.request()
        assert first.get("ratelimit-policy") == '"calls";q=2;w=60'
        assert first.get("ratelimit") == '"calls";r=1;t=30'
        assert first.get("retry-after") is None
        client.request()
        refused = client.request()
        assert (refused.status, refused.code) == (429, "SP4070")
        assert refused.problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert refused.problem["violated-policies"] == ["calls"]
        wait = int(refused.get("retry-after"))
        assert 25 <= wait <= 30
        assert re.fullmatch(r'"calls";r=0;t=(\d+)', refused.get("ratelimit")).group(1) == str(wait)
    line = gateway.gateway.access_line(lambda line: line["http.response.status_code"] == 429)
    assert line["sallyport.reason"] == "SP4070"


def test_older_fields_on_request_and_none(limited, alice):
    gateway = limited(
        old={"rateLimit": {"by": "identity", "rate": "9/min", "fields": "legacy"}},
        silent={"rateLimit": {"by": "identity", "rate": "5/min", "fields": "none"}})
    with gateway.client(alice) as client:
        reply = client.request()
        assert (reply.get("x-ratelimit-limit"), reply.get("x-ratelimit-remaining")) == ("9", "8")
        assert reply.get("ratelimit") is None
        assert statuses(client, 5) == [200] * 4 + [429], "the silent limit refuses as well"


def test_what_an_upstream_says_of_its_own_limits_is_kept(limited, alice, serve):
    def own(connection):
        while True:
            connection.read_request()
            connection.reply(fields=['RateLimit: "theirs";r=7;t=3', "X-RateLimit-Limit: 7"])

    gateway = limited(serve(own), ours={"rateLimit": {"by": "identity", "rate": "9/min", "fields": "both"}})
    with gateway.client(alice) as client:
        reply = client.request()
        assert sorted(reply.all("ratelimit")) == ['"ours";r=8;t=7', '"theirs";r=7;t=3']
        assert reply.all("x-ratelimit-limit") == ["7"]


def test_several_limits_count_together_or_not_at_all(limited, alice):
    """What the narrow limit refuses does not use up the wide one."""
    gateway = limited(
        both={"rateLimit": [
            {"name": "wide", "by": "identity", "rate": "100/hour"}, {"name": "narrow", "by": "identity", "rate": "3/hour"}]})
    with gateway.client(alice) as client:
        assert statuses(client, 30).count(200) == 3
        refused = client.request()
        assert refused.problem["violated-policies"] == ["narrow"]
        assert '"wide";r=97' in refused.get("ratelimit")


def test_a_shadow_refuses_nobody_and_is_seen(limited, alice):
    gateway = limited(trial={"rateLimit": {"by": "identity", "rate": "1/hour", "shadow": True}})
    with gateway.client(alice) as client:
        assert statuses(client, 4) == [200] * 4
        assert client.request().get("ratelimit") is None
    assert limit(gateway.gateway, "trial")["refused"] == 4


def test_callers_are_told_apart(limited, alice, bob):
    """Who may not come in is counted as well, each by itself."""
    gateway = limited(mine={"rateLimit": {"by": "identity", "rate": "2/hour"}})
    with gateway.client(alice) as first, gateway.client(bob) as second:
        assert statuses(second, 3) == [403, 403, 429]
        assert statuses(first, 3) == [200, 200, 429]


def test_by_header_and_without_it(limited, alice):
    """Leaving the field out, or sending it twice, must not pay: the address stands in."""
    gateway = limited(tenants={"rateLimit": {"by": {"header": "x-tenant"}, "rate": "1/hour"}})
    with gateway.client(alice) as client:
        ask = lambda *fields: client.request(fields=list(fields)).status
        assert [ask("X-Tenant: a"), ask("X-Tenant: a"), ask("X-Tenant: b")] == [200, 429, 200]
        assert [ask(), ask()] == [200, 429]
        assert ask("X-Tenant: c", "X-Tenant: d") == 429


def test_the_baseline_counts_all_routes_together(edge, serve, alice):
    upstream = serve()
    routes = [{"name": name, "match": {"path": f"/{name}"}, "allow": ["alice"], "to": upstream.url} for name in "ab"]
    gateway = edge(upstream, routes=routes, policies={"baseline": {"rateLimit": {"by": "address", "rate": "3/hour"}}})
    with gateway.client(alice) as client:
        assert [client.request(path=f"/{name}").status for name in "abab"] == [200, 200, 200, 429]


def test_at_a_time(limited, alice, serve):
    held = threading.Event()

    def hold(connection):
        while True:
            request = connection.read_request()
            if request.target == "/held":
                held.wait(20)
            connection.reply()

    upstream = serve(hold)
    gateway = limited(upstream, few={"rateLimit": {"by": "identity", "concurrent": 2}})
    waiting = [gateway.client(alice) for _ in range(2)]
    for client in waiting:
        client.send(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
    upstream.wait_for_requests(2)
    with gateway.client(alice) as client:
        refused = client.request()
        assert (refused.status, refused.code, refused.get("retry-after")) == (429, "SP4072", "1")
        waiting[0].close()
        deadline = time.monotonic() + 5
        while (reply := client.request()).status == 429 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert reply.status == 200, "a client that has gone holds no place"
        held.set()
        assert waiting[1].read_reply().status == 200
        assert statuses(client, 5) == [200] * 5
    waiting[1].close()


def test_bytes_of_both_directions_are_counted(limited, alice, serve):
    def large(connection):
        while True:
            connection.read_request()
            connection.reply(b"x" * 60_000)

    gateway = limited(serve(large), volume={"rateLimit": {"by": "identity", "rate": "100KiB/hour"}})
    with gateway.client(alice) as client:
        assert client.request("POST", body=b"y" * 30_000).status == 200
        second = client.request()
        assert second.status == 200 and 'qu="content-bytes"' in second.get("ratelimit-policy")
        assert second.get("ratelimit").startswith('"volume";r=12400')
        refused = client.request()
        assert (refused.status, refused.code) == (429, "SP4071")


def test_counts_go_on_through_a_reload(limited, alice):
    gateway = limited(mine={"rateLimit": {"by": "identity", "rate": "3/hour"}})
    with gateway.client(alice) as client:
        assert statuses(client, 2) == [200, 200]
        gateway.change("policies__mine__rateLimit__fields", "none")
        gateway.gateway.write(gateway.configuration)
        gateway.gateway.command("reload")
        assert statuses(client, 2) == [200, 429]
        gateway.change("policies__mine__rateLimit__rate", "5/hour")
        gateway.gateway.write(gateway.configuration)
        gateway.gateway.command("reload")
        assert statuses(client, 6) == [200] * 5 + [429], "another rule counts anew, at the next request of an open connection"


def test_the_limit_recovers(limited, alice):
    gateway = limited(fast={"rateLimit": {"by": "identity", "rate": "2/s"}})
    with gateway.client(alice) as client:
        while (reply := client.request()).status == 200:
            pass
        time.sleep(int(reply.get("retry-after")))
        assert client.request().status == 200


def test_grpc_clients_are_told_when_to_try_again(edge, serve, alice):
    """In the field of gRPC proposal A6, beside those that every client gets."""
    upstream = serve()
    one = edge(upstream, policies={"mine": {"rateLimit": {"by": "identity", "rate": "1/hour"}}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "policies": ["mine"], "to": upstream.url}])
    with HTTP2Client(one.port, alice) as client:
        def call():
            return client.ask(method="POST", path="/a.B/C", fields=[("content-type", "application/grpc"), ("te", "trailers")])
        call()
        refused = call()
    assert refused.get("grpc-status") == "8" and "SP4070" in refused.get("grpc-message")
    seconds = int(refused.get("retry-after"))
    assert 3000 < seconds <= 3600 and refused.get("grpc-retry-pushback-ms") == str(seconds * 1000)
    assert refused.get("ratelimit").startswith('"mine";r=0;t=')
