"""Several targets behind one upstream: who gets which request, and what a target that fails costs the clients."""

import threading
import time

from clients import Closed
from servers import answer_all


def named(name):
    """An upstream that says who it is."""
    def behaviour(connection):
        while True:
            connection.read_request()
            connection.reply(name.encode())
    return behaviour


def through(edge, targets, *, route=None, others=None, **keys):
    """A gateway in front of these targets: servers, or records that name one."""
    listed = [target if isinstance(target, dict) else target.url for target in targets]
    return edge(upstreams={"service": {"targets": listed, **keys}, **(others or {})}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service", **(route or {})}])


def counted(replies):
    return {body: sum(1 for reply in replies if reply.body == body) for body in {reply.body for reply in replies}}


def status_of(one, name="service"):
    return next(upstream for upstream in one.gateway.status()["upstreams"] if upstream["name"] == name)


def wait_for_state(one, url, state, timeout=10):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if any(target["url"] == url and target["state"] == state for target in status_of(one)["targets"]):
            return
        time.sleep(0.1)
    raise AssertionError(f"{url} is not {state}: {status_of(one)}")


# Who gets which request


def test_weights_share_the_requests(edge, serve, alice):
    first, second = serve(named("first")), serve(named("second"))
    one = through(edge, [{"url": first.url, "weight": 3}, second])
    with one.client(alice) as client:
        counts = counted([client.request() for _ in range(80)])
    assert counts == {b"first": 60, b"second": 20}, counts


def test_a_key_stays_with_its_target(edge, serve, alice):
    one = through(edge, [serve(named(str(n))) for n in range(4)], balance={"hash": {"header": "x-user"}})
    homes = {}
    with one.client(alice) as client:
        for user in range(30):
            bodies = {client.request(fields=[f"X-User: user-{user}"]).body for _ in range(3)}
            assert len(bodies) == 1, f"user-{user} went to {bodies}"
            homes[user] = bodies.pop()
    assert len(set(homes.values())) == 4, homes
    with one.client(alice) as client:
        assert all(client.request(fields=[f"X-User: user-{user}"]).body == home for user, home in homes.items())


def test_a_cookie_and_the_identity_are_keys_too(edge, serve, alice):
    targets = [serve(named(str(n))) for n in range(3)]
    one = through(edge, targets, balance={"hash": {"cookie": "session"}})
    with one.client(alice) as client:
        bodies = {client.request(fields=["Cookie: a=1; session=abc; b=2"]).body for _ in range(6)}
        assert len(bodies) == 1
        assert len({client.request(fields=[f"Cookie: session={n}"]).body for n in range(30)}) == 3
    by_identity = through(edge, targets, balance="hash")
    with by_identity.client(alice) as client:
        assert len({client.request().body for _ in range(6)}) == 1


def test_a_canary_gets_its_share(edge, serve, alice):
    stable, canary = serve(named("v1")), serve(named("v2"))
    one = through(edge, [{"url": stable.url, "labels": ["v1"]}, {"url": canary.url, "labels": ["v2"]}],
                  route={"split": {"v1": 90, "v2": 10}})
    with one.client(alice) as client:
        counts = counted([client.request() for _ in range(600)])
    assert 30 <= counts[b"v2"] <= 95, counts


def test_the_fewest_requests_win(edge, serve, alice):
    """A target that answers slowly gets fewer requests."""
    def slow(connection):
        while True:
            connection.read_request()
            time.sleep(0.4)
            connection.reply(b"slow")
    slowly, quick = serve(slow), serve(named("quick"))
    one = through(edge, [slowly, quick], balance="leastRequests")
    replies = []

    def ask():
        with one.client(alice) as client:
            for _ in range(15):
                replies.append(client.request())
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    counts = counted(replies)
    assert len(replies) == 90 and counts[b"quick"] > 3 * counts[b"slow"], counts


# Copies


def test_a_mirror_gets_copies_and_changes_nothing(edge, serve, alice):
    def broken(connection):
        connection.read_request()
        connection.reset()
    live, shadow, gone = serve(named("live")), serve(answer_all), serve(broken)
    one = through(edge, [live], others={"shadow": {"targets": [shadow.url]}}, route={"mirror": {"to": "shadow"}})
    with one.client(alice) as client:
        for number in range(10):
            reply = client.request("POST", body=f"copy {number}".encode())
            assert (reply.status, reply.body) == (200, b"live")
    copies = shadow.wait_for_requests(10)
    assert sorted(copy.body for copy in copies) == sorted(f"copy {number}".encode() for number in range(10))
    assert len(live.requests) == 10
    two = through(edge, [live], others={"shadow": {"targets": [gone.url]}}, route={"mirror": {"to": "shadow"}})
    with two.client(alice) as client:
        assert [client.request().status for _ in range(10)] == [200] * 10


# Targets that fail


def test_a_flapping_target_fails_no_get(edge, serve, alice):
    """It accepts, reads, and resets every other request."""
    turns = iter(range(100_000))

    def flapping(connection):
        while True:
            connection.read_request()
            if next(turns) % 2 == 0:
                return connection.reset()
            connection.reply(b"flapping")
    good, bad = serve(named("good")), serve(flapping)
    one = through(edge, [good, bad], health={"ejectAfter": 0}, retries={"budget": "100%"})
    with one.client(alice) as client:
        assert [client.request().status for _ in range(300)] == [200] * 300


def test_a_status_is_tried_elsewhere(edge, serve, alice):
    def overloaded(connection):
        while True:
            connection.read_request()
            connection.reply(b"no", status="503 Service Unavailable")
    good, bad = serve(named("good")), serve(overloaded)
    one = through(edge, [bad, good], retries={"on": ["connect", "reset", "503"], "budget": "100%"}, health={"ejectAfter": 0})
    with one.client(alice) as client:
        assert [client.request().status for _ in range(20)] == [200] * 20
        assert [client.request("PUT", body=b"again").body for _ in range(10)] == [b"good"] * 10
        before = len(good.requests) + len(bad.requests)
        statuses = [client.request("POST", body=b"once").status for _ in range(10)]
    assert set(statuses) == {200, 503}, "a POST is not repeated, whatever came back"
    assert len(good.requests) + len(bad.requests) == before + 10


def test_a_post_is_never_done_twice(edge, serve, alice):
    def dies(connection):
        connection.read_request()
        connection.reset()
    targets = [serve(dies), serve(dies)]
    one = through(edge, targets, retries={"attempts": 5, "on": ["connect", "reset", "timeout", "502", "503"], "budget": "100%"})
    with one.client(alice) as client:
        for number in range(20):
            reply = client.request("POST", body=f"order {number}".encode())
            assert reply.status == 502
    bodies = [request.body for target in targets for request in target.requests]
    assert sorted(bodies) == sorted(f"order {number}".encode() for number in range(20)), "an order was executed twice"


def test_a_put_with_content_is_sent_again_whole(edge, serve, alice):
    def dies(connection):
        connection.read_request()
        connection.reset()
    bad, good = serve(dies), serve(named("good"))
    one = through(edge, [bad, good], health={"ejectAfter": 0}, retries={"budget": "100%"})
    body = bytes(range(256)) * 200
    with one.client(alice) as client:
        assert [client.request("PUT", body=body).body for _ in range(6)] == [b"good"] * 6
    assert all(request.body == body for request in good.requests + bad.requests)


def test_retries_stay_within_their_budget(edge, serve, alice):
    def dies(connection):
        connection.read_request()
        connection.reset()
    bad = serve(dies)
    one = through(edge, [bad, serve(dies)], retries={"attempts": 3, "budget": "10%", "perSecond": 0}, health={"ejectAfter": 0})
    with one.client(alice) as client:
        for _ in range(100):
            assert client.request().status == 502
    total = sum(target["requests"] for target in status_of(one)["targets"])
    assert 100 <= total <= 125, total


def test_an_attempt_that_takes_too_long_is_made_elsewhere(edge, serve, alice):
    def hangs(connection):
        connection.read_request()
        time.sleep(5)
    one = through(edge, [serve(hangs), serve(named("good"))], timeouts={"attempt": "200ms"},
                  retries={"on": ["connect", "reset", "timeout"], "budget": "100%"}, health={"ejectAfter": 0})
    with one.client(alice) as client:
        begun = time.monotonic()
        assert [client.request().body for _ in range(6)] == [b"good"] * 6
        assert time.monotonic() - begun < 4


def test_the_whole_has_an_end(edge, serve, alice):
    def trickles(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            connection.send(b"x")
            time.sleep(0.1)

    def hangs(connection):
        connection.read_request()
        time.sleep(5)
    one = through(edge, [serve(hangs)], timeouts={"total": "500ms"})
    with one.client(alice) as client:
        reply = client.request()
        assert (reply.status, reply.code) == (504, "SP5043")
    two = through(edge, [serve(trickles)], timeouts={"total": "500ms"})
    with two.client(alice) as client:
        begun = time.monotonic()
        try:
            assert not client.request().complete
        except Closed:
            pass
        assert time.monotonic() - begun < 3


# Health


class Switch:
    """A target that can be told to be ill."""

    def __init__(self, serve, name):
        self.ill = False

        def behaviour(connection):
            while True:
                request = connection.read_request()
                if self.ill:
                    connection.reply(b"ill", status="503 Service Unavailable")
                else:
                    connection.reply(name.encode())
        self.server = serve(behaviour)
        self.url = self.server.url


def test_health_checks_take_out_and_bring_back(edge, serve, alice):
    first, second = Switch(serve, "first"), Switch(serve, "second")
    one = through(edge, [first, second], health={
        "path": "/healthz", "every": "100ms", "timeout": "500ms", "downAfter": 2, "upAfter": 2, "ejectAfter": 0})
    with one.client(alice) as client:
        assert len({client.request().body for _ in range(10)}) == 2
        first.ill = True
        wait_for_state(one, first.url, "down")
        assert one.gateway.logged("SP5045")
        assert {client.request().body for _ in range(20)} == {b"second"}
        first.ill = False
        wait_for_state(one, first.url, "healthy")
        assert len({client.request().body for _ in range(10)}) == 2
    probes = [request for request in first.server.requests if request.target == "/healthz"]
    assert probes and probes[0].get("user-agent") == "sallyport-health"


def test_a_reload_forgets_no_target(edge, serve, alice):
    """What is down stays down: the new generation doesn't have to find that out at the clients' cost."""
    first, second = Switch(serve, "first"), Switch(serve, "second")
    one = through(edge, [first, second], health={"path": "/healthz", "every": "100ms", "downAfter": 2, "ejectAfter": 0})
    first.ill = True
    wait_for_state(one, first.url, "down")
    one.configuration["upstreams"]["service"]["timeouts"] = {"request": "9s"}
    one.configuration["upstreams"]["service"]["health"]["every"] = "1h"
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    with one.client(alice) as client:
        assert {client.request().body for _ in range(20)} == {b"second"}
    assert [target["state"] for target in status_of(one)["targets"]] == ["down", "healthy"]


def test_failures_eject_and_time_brings_back(edge, serve, alice):
    first, second = Switch(serve, "first"), Switch(serve, "second")
    one = through(edge, [first, second], health={"ejectAfter": 3, "ejectFor": "1s"})
    first.ill = True
    with one.client(alice) as client:
        statuses = [client.request().status for _ in range(30)]
        assert statuses.count(503) == 3 and set(statuses[-20:]) == {200}, statuses
        assert one.gateway.logged("SP5044")
        assert status_of(one)["targets"][0]["state"] == "ejected"
        first.ill = False
        time.sleep(1.1)
        assert len({client.request().body for _ in range(10)}) == 2


def test_when_all_are_ill_all_are_used(edge, serve, alice):
    targets = [Switch(serve, str(n)) for n in range(3)]
    one = through(edge, targets, health={"path": "/nowhere", "every": "100ms", "expect": "204", "ejectAfter": 0})
    for target in targets:
        wait_for_state(one, target.url, "down")
    with one.client(alice) as client:
        assert len({client.request().body for _ in range(9)}) == 3


# Load


def slow_target(serve, pause):
    running, most, lock = [0], [0], threading.Lock()

    def behaviour(connection):
        while True:
            connection.read_request()
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(pause)
            with lock:
                running[0] -= 1
            connection.reply(b"done")
    return serve(behaviour), most


def at_once(one, alice, count, path="/"):
    replies, lock = [], threading.Lock()

    def ask():
        with one.client(alice, timeout=20) as client:
            begun = time.monotonic()
            reply = client.request(path=path)
            with lock:
                replies.append((reply, time.monotonic() - begun))
    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return replies


def test_a_full_upstream_sheds_fast(edge, serve, alice):
    target, most = slow_target(serve, 1.5)
    one = through(edge, [target], circuit={"maxRequests": 2, "maxPending": 0})
    replies = at_once(one, alice, 12)
    done = [reply for reply, _ in replies if reply.status == 200]
    shed = [(reply, took) for reply, took in replies if reply.status == 503]
    assert len(done) + len(shed) == 12 and len(done) >= 2 and most[0] <= 2
    assert shed and all(reply.code == "SP5040" and reply.get("retry-after") == "1" and took < 1 for reply, took in shed)
    assert status_of(one)["shed"] == len(shed)


def test_those_beyond_the_limit_wait_in_line(edge, serve, alice):
    target, most = slow_target(serve, 0.1)
    one = through(edge, [target], circuit={"maxRequests": 2, "maxPending": 50, "maxWait": "20s"})
    replies = at_once(one, alice, 16)
    assert [reply.status for reply, _ in replies] == [200] * 16 and most[0] <= 2
    state = status_of(one)
    assert (state["requestsUnderWay"], state["pending"]) == (0, 0)


def test_nobody_waits_for_ever(edge, serve, alice):
    target, _ = slow_target(serve, 2)
    one = through(edge, [target], circuit={"maxRequests": 1, "maxPending": 10, "maxWait": "200ms"})
    replies = at_once(one, alice, 4)
    late = [(reply, took) for reply, took in replies if reply.status == 503]
    assert len(late) == 3 and all(reply.code == "SP5041" and took < 1.5 for reply, took in late)


def test_a_hedge_cuts_the_tail(edge, serve, alice):
    """One of two targets hangs. The second answer comes from the other, and the first is given up."""
    abandoned = []

    def sometimes_slow(connection):
        while True:
            request = connection.read_request()
            if request.target == "/hang":
                connection.socket.settimeout(3)
                try:
                    if not connection.socket.recv(1):
                        abandoned.append(request)
                except TimeoutError:
                    pass
                return
            connection.reply(b"first")

    first, second = serve(sometimes_slow), serve(named("second"))
    one = through(edge, [first, second], hedge={"after": "20ms", "share": "20%"})
    with one.client(alice) as client:
        for _ in range(40):
            client.request()
        begun = time.monotonic()
        replies = [client.request(path="/hang") for _ in range(4)]
        took = time.monotonic() - begun
    assert [reply.body for reply in replies] == [b"second"] * 4 and took < 2
    deadline = time.monotonic() + 2
    while not abandoned and time.monotonic() < deadline:
        time.sleep(0.05)
    assert abandoned, "the loser was not given up"


def test_names_are_looked_up(edge, serve, alice):
    """`localhost` stands for its addresses, and each of them is shown."""
    target = serve(named("here"))
    one = edge(upstreams={"service": {"targets": [f"http://localhost:{target.port}"], "resolve": "1s"}}, routes=[
        {"match": {"path": "/"}, "allow": ["alice"], "to": "service"}])
    with one.client(alice) as client:
        assert [client.request().body for _ in range(5)] == [b"here"] * 5
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and "127.0.0.1" not in [t["address"] for t in status_of(one)["targets"]]:
        time.sleep(0.1)
    assert "127.0.0.1" in [target["address"] for target in status_of(one)["targets"]]
