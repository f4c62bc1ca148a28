"""Limits that several gateways share on one Redis: how exact they are, and what holds while it is away."""

import threading
import time

import pytest

import redis_server
from certificates import SERVER
from gateway import free_port
from redis_server import RedisServer

pytestmark = pytest.mark.skipif(not redis_server.is_installed(), reason="needs redis-server")

# A request waits 50 ms at most; the rest is the test machine's.
PATIENCE = 0.4


@pytest.fixture
def redis():
    started = []

    def start(*settings, **options):
        started.append(RedisServer(*settings, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def sharing(edge, serve):
    """Gateways that share these limits on one server."""
    upstream = serve()

    def start(count, server, *limits, **cluster):
        route = {"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": upstream.url, "policies": ["shared"]}
        gateways = [
            edge(upstream, routes=[route], cluster={"valkey": {"url": server.url, **cluster} if cluster else server.url},
                 policies={"shared": {"rateLimit": [{"by": "identity", "scope": "cluster", **one} for one in limits]}})
            for _ in range(count)]
        for one in gateways:
            one.gateway.wait_for("shared counters in use", where=one.gateway.stderr)
        return gateways
    return start


def timed(client):
    """The reply, and the seconds until it came."""
    start = time.monotonic()
    reply = client.request()
    return reply, time.monotonic() - start


def until(test, timeout=15):
    deadline = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def reachable(gateway):
    return gateway.gateway.status()["cluster"]["reachable"]


class Load:
    """Clients that ask as fast as they can, until they are told to stop."""

    def __init__(self, gateways, credential, each=2):
        self.admitted, self.others, self.offered, self.slowest = 0, set(), 0, 0
        self.lock, self.over = threading.Lock(), threading.Event()
        self.ready = threading.Barrier(each * len(gateways) + 1, timeout=30)
        self.threads = [threading.Thread(target=self.run, args=(one, credential)) for one in gateways for _ in range(each)]

    def run(self, gateway, credential):
        admitted, offered, others, slowest = 0, 0, set(), 0
        client = gateway.client(credential)
        self.ready.wait()
        try:
            while not self.over.is_set():
                reply, seconds = timed(client)
                offered, slowest = offered + 1, max(slowest, seconds)
                admitted += reply.status == 200
                if reply.status not in (200, 429):
                    others.add(reply.status)
                if reply.get("connection") == "close":
                    # A connection serves 10,000 requests.
                    client.close()
                    client = gateway.client(credential)
        except Exception as error:  # noqa: BLE001 - reported by the test
            others.add(repr(error))
        finally:
            client.close()
            with self.lock:
                self.admitted, self.offered = self.admitted + admitted, self.offered + offered
                self.others, self.slowest = self.others | others, max(self.slowest, slowest)

    def last(self, seconds):
        """Seconds from the first request on."""
        for thread in self.threads:
            thread.start()
        self.ready.wait()
        start = time.monotonic()
        self.over.wait(seconds)
        self.over.set()
        for thread in self.threads:
            thread.join()
        return time.monotonic() - start


def test_three_gateways_admit_what_one_would(sharing, redis, alice):
    """At ten times what the limit lets through, within 5 % above and 2 % below."""
    gateways = sharing(3, redis(), {"rate": "20/s", "burst": 60})
    until(lambda: all(one.gateway.status()["cluster"]["gateways"] == 3 for one in gateways))
    load = Load(gateways, alice)
    seconds = load.last(8)
    due = 60 + 20 * seconds
    assert not load.others
    assert load.offered >= 10 * due, "there was not enough demand for the figures to mean anything"
    assert 0.98 * due <= load.admitted <= 1.05 * due, (load.admitted, due)


def test_quotas_of_a_day_are_shared(sharing, redis, alice):
    gateways = sharing(2, redis(), {"rate": "50/day"})
    admitted = 0
    for one in gateways * 2:
        with one.client(alice) as client:
            admitted += sum(client.request().status == 200 for _ in range(30))
    assert admitted == 50


@pytest.mark.parametrize("failure", ["open-local", "open", "closed"])
@pytest.mark.parametrize("how", ["kill", "hang"])
def test_without_the_server_each_rule_does_as_it_says(sharing, redis, alice, failure, how):
    server = redis()
    gateways = sharing(2, server, {"rate": "20/hour", "whenClusterFails": failure})
    until(lambda: all(one.gateway.status()["cluster"]["gateways"] == 2 for one in gateways))
    with gateways[0].client(alice) as client:
        assert client.request().status == 200
        getattr(server, how)()
        replies = [timed(client) for _ in range(40)]
        if how == "hang":
            # What is left of the lease, and the first question, which nobody answers.
            until(lambda: not reachable(gateways[0]))
            replies += [timed(client) for _ in range(40)]
        found = [reply.status for reply, _ in replies]
        assert max(seconds for _, seconds in replies) < PATIENCE
        if failure == "open":
            assert set(found) == {200}
        elif failure == "closed":
            assert 503 in found and found[-1] == 503
            refused = replies[-1][0]
            assert refused.code == "SP8007"
            assert refused.problem["type"].endswith("#temporary-reduced-capacity")
        else:
            # Half of the limit, and what was leased.
            assert 10 <= found.count(200) <= 12 and found[-1] == 429
        mark = gateways[0].gateway.mark()
        if how == "hang":
            server.go_on()
        else:
            server.start()
        until(lambda: reachable(gateways[0]))
        assert client.request().status == 200, "the shared counters have most of the limit left"
        assert gateways[0].gateway.logged("shared counters in use", since=mark)


def test_nobody_waits_while_the_server_comes_and_goes(sharing, redis, alice):
    server = redis()
    gateways = sharing(2, server, {"rate": "50/s", "burst": 50})
    load = Load(gateways, alice, each=1)

    def disturb():
        for _ in range(3):
            time.sleep(0.7)
            server.hang()
            time.sleep(0.7)
            server.go_on()

    trouble = threading.Thread(target=disturb)
    trouble.start()
    load.last(5)
    trouble.join()
    assert load.others == set() and load.admitted > 100
    assert load.slowest < PATIENCE


def test_a_flushed_server_is_taken_as_it_is(sharing, redis, alice):
    """Counts are lost, scripts are sent again, nobody is refused for it and the limit goes on."""
    server = redis()
    gateway, = sharing(1, server, {"rate": "10/hour"})
    with gateway.client(alice) as client:
        assert [client.request().status for _ in range(12)].count(200) == 10
        assert "OK" in server.command("FLUSHALL") and "OK" in server.command("SCRIPT", "FLUSH")
        assert reachable(gateway)
    other = sharing(1, server, {"rate": "10/hour"})[0]
    with other.client(alice) as client:
        assert [client.request().status for _ in range(12)].count(200) == 10


def test_a_denial_for_hours_is_given_up_when_its_counts_are_lost(sharing, redis, alice):
    server = redis()
    gateway, = sharing(1, server, {"rate": "10/day"})
    with gateway.client(alice) as client:
        assert [client.request().status for _ in range(12)].count(200) == 10
        refused = client.request()
        assert refused.status == 429 and int(refused.get("retry-after")) > 60
        assert "OK" in server.command("FLUSHALL")
        until(lambda: client.request().status == 200)


def test_tls_password_and_user(sharing, redis, alice, authority, tmp_path):
    certificate = authority.issue("redis", usage=SERVER, names=["localhost", "127.0.0.1"])
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    server = redis(
        "--tls-cert-file", str(certificate.certificate_file), "--tls-key-file", str(certificate.key_file),
        "--tls-auth-clients", "no", "--user", "default", "off", "--user", "gateway", "on", ">correct horse", "~sallyport:*",
        "+hello", "+client|setname", "+evalsha", "+eval", "+time", "+get", "+set", "+del", "+hmget", "+hset", "+pexpire",
        "+zadd", "+zrem", "+zremrangebyscore", "+zcard", tls=True)
    gateway, = sharing(
        1, server, {"rate": "3/hour"}, {"name": "daily", "rate": "9/day"}, username="gateway", password=f"file:{secret}",
        tls={"trust": ["test"]})
    with gateway.client(alice) as client:
        assert [client.request().status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert "correct horse" not in gateway.gateway.output


@pytest.mark.parametrize("settings, cluster, code", [
    (["--requirepass", "right"], {}, "SP8002"),
    (["--requirepass", "right"], {"password": "wrong"}, "SP8002"),
    (["--cluster-enabled", "yes", "--cluster-port", str(free_port())], {}, "SP8003"),
])
def test_a_server_that_cannot_be_used_is_said_in_the_log(edge, serve, redis, alice, tmp_path, settings, cluster, code):
    server, upstream = redis(*settings, "--dir", str(tmp_path)), serve()
    if "password" in cluster:
        (tmp_path / "password").write_text(cluster["password"])
        cluster = {"password": f"file:{tmp_path}/password"}
    gateway = edge(
        upstream, cluster={"valkey": {"url": server.url, **cluster}}, policies={"shared": {"rateLimit": {
            "by": "identity", "rate": "9/hour", "scope": "cluster", "whenClusterFails": "closed"}}},
        routes=[{"match": {"path": "/"}, "allow": ["alice"], "to": upstream.url, "policies": ["shared"]}])
    gateway.gateway.logged(code, timeout=10)
    with gateway.client(alice) as client:
        assert client.request().code == "SP8007"


def test_something_else_at_the_address(edge, serve, alice):
    """An HTTP server is no Redis."""
    upstream = serve()
    gateway = edge(upstream, cluster={"valkey": f"valkey://127.0.0.1:{upstream.port}"})
    gateway.gateway.logged("SP800", timeout=10)
    with gateway.client(alice) as client:
        assert client.request().status == 200, "routes without limits of the cluster do not care"
