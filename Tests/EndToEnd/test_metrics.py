"""What is counted, and whether it is well: /metrics, /healthz, /readyz."""

import select
import socket
import threading
import time

import pytest

from gateway import free_port
from scrapes import OPEN_METRICS, Metrics

DURATION = "http_server_request_duration_seconds"


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def measured(edge, serve, metrics):
    return edge(serve(), observability__metrics=metrics.section)


def ask(one, credential, count=1, **request):
    with one.client(credential) as client:
        return [client.request(**request).status for _ in range(count)]


def test_requests_are_counted_by_route_method_and_status(measured, metrics, alice, bob):
    assert ask(measured, alice, 5) == [200] * 5
    assert ask(measured, bob, 2) == [403] * 2
    metrics.wait(f"{DURATION}_count", 5, http_route="all", http_response_status_code="200", http_request_method="GET")
    metrics.wait(f"{DURATION}_count", 2, http_response_status_code="403")
    metrics.wait("sallyport_requests_refused_total", 2, reason="SP3001", http_route="all")
    metrics.wait("http_client_request_duration_seconds_count", 5, http_response_status_code="200")
    metrics.wait("http_server_active_requests", 0)
    assert metrics.value(f"{DURATION}_sum", http_response_status_code="200") > 0


def test_both_formats_are_read_by_strict_parsers(measured, metrics, alice):
    ask(measured, alice, 3)
    text, open_metrics = metrics.families(), metrics.families(OPEN_METRICS)
    # The older format names a counter by its samples, and knows no info.
    stems = {name.removesuffix("_info") for name in text}
    assert stems == {name.removesuffix("_info") for name in open_metrics}
    assert all(family.documentation for family in open_metrics.values())
    assert metrics.get(headers={"Accept": OPEN_METRICS})[2].endswith("# EOF\n")
    assert metrics.get()[1]["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_every_family_of_the_list_is_there(measured, metrics, alice):
    ask(measured, alice)
    names = set(metrics.families(OPEN_METRICS))
    assert names >= {
        DURATION, "http_server_active_requests", "http_client_request_duration_seconds", "sallyport_build",
        "sallyport_upstream_circuit_open", "sallyport_upstream_healthy_targets", "sallyport_upstream_target_requests",
        "sallyport_tls_handshakes", "sallyport_tls_handshake_duration_seconds", "sallyport_connections",
        "sallyport_connections_refused", "sallyport_limit_requests", "sallyport_bans",
        "sallyport_certificate_expiry_timestamp_seconds", "sallyport_configuration_generation",
        "sallyport_configuration_last_reload_successful", "sallyport_event_loop_lag_seconds", "sallyport_memory_step",
        "sallyport_log_lines_lost", "process_resident_memory_bytes", "process_cpu_seconds"}


def test_handshakes_are_counted_by_result_and_reason(measured, metrics, alice):
    ask(measured, alice)
    with socket.create_connection(("127.0.0.1", measured.port), timeout=20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while plain.recv(4096):
            pass
    metrics.wait("sallyport_tls_handshakes_total", 1, result="accepted", listener="main")
    metrics.wait("sallyport_tls_handshakes_total", 1, result="refused", listener="main")
    refused = [one for one in metrics.families()["sallyport_tls_handshakes"].samples if one.labels["result"] == "refused"]
    assert refused[0].labels["reason"].startswith("SP2")


def test_limits_say_what_they_let_through(edge, serve, metrics, alice):
    upstream = serve()
    one = edge(
        upstream, observability__metrics=metrics.section,
        policies={"calls": {"rateLimit": {"by": "identity", "rate": "2/hour", "burst": 2}}},
        routes=[{"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": upstream.url, "policies": ["calls"]}])
    assert sorted(ask(one, alice, 5)) == [200, 200, 429, 429, 429]
    metrics.wait("sallyport_limit_requests_total", 2, policy="calls", result="admitted", mode="enforced")
    metrics.wait("sallyport_limit_requests_total", 3, policy="calls", result="refused", mode="enforced")


def test_methods_of_a_stranger_are_one_series(measured, metrics, alice):
    for number in range(40):
        ask(measured, alice, method=f"BREW{number}")
    metrics.wait(f"{DURATION}_count", 40, http_request_method="_OTHER")
    assert "BREW" not in metrics.get()[2]


def test_the_budget_bounds_what_routes_can_make(edge, serve, metrics, alice):
    upstream = serve()
    routes = [{"name": f"r{n}", "match": {"path": f"/{n}"}, "allow": ["alice"], "to": upstream.url} for n in range(100)]
    one = edge(upstream, observability__metrics={**metrics.section, "series": 1000}, routes=routes)
    with one.client(alice) as client:
        assert {client.request(path=f"/{n}").status for n in range(100)} == {200}
    metrics.wait(f"{DURATION}_count", 100)
    assert metrics.value("sallyport_metrics_series") <= 1000
    assert metrics.value(f"{DURATION}_count", http_route="_other") > 30
    assert metrics.value("sallyport_metrics_series_refused_total") > 30


def test_counters_go_on_over_a_reload_and_removed_routes_go(measured, metrics, alice):
    ask(measured, alice, 4)
    metrics.wait(f"{DURATION}_count", 4, http_route="all")
    measured.configuration["routes"].append({"name": "new", "match": {"path": "/new"}, "allow": ["alice"],
                                             "to": measured.upstream.url})
    measured.gateway.write(measured.configuration)
    measured.gateway.command("reload")
    ask(measured, alice, 2)
    ask(measured, alice, 3, path="/new")
    metrics.wait(f"{DURATION}_count", 6, http_route="all")
    metrics.wait(f"{DURATION}_count", 3, http_route="new")
    metrics.wait("sallyport_configuration_generation", 2)
    metrics.wait("sallyport_configuration_reloads_total", 1, result="loaded")
    measured.configuration["routes"].pop()
    measured.gateway.write(measured.configuration)
    measured.gateway.command("reload")
    metrics.wait(f"{DURATION}_count", 0, http_route="new")


def test_a_refused_file_is_a_metric_and_no_reason_to_leave(measured, metrics):
    measured.gateway.write("version: 1\nlisteners: 3\n")
    measured.gateway.command("reload", check=False)
    metrics.wait("sallyport_configuration_last_reload_successful", 0)
    metrics.wait("sallyport_configuration_reloads_total", 1, result="refused")
    status, _, text = metrics.get("/readyz?verbose")
    assert status == 200 and "[!] configuration" in text, text


def test_the_listener_follows_the_file(measured, metrics):
    assert metrics.get()[0] == 200
    former, metrics.port = metrics.port, free_port()
    measured.configuration["observability"]["metrics"] = {"address": f"127.0.0.1:{metrics.port}"}
    measured.gateway.write(measured.configuration)
    measured.gateway.command("reload")
    assert metrics.get()[0] == 200
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", former), timeout=5).close()
    del measured.configuration["observability"]["metrics"]
    measured.gateway.write(measured.configuration)
    measured.gateway.command("reload")
    with pytest.raises(OSError):
        metrics.get()


def test_an_address_that_is_taken_changes_nothing(measured, metrics):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        measured.configuration["observability"]["metrics"] = {"address": f"127.0.0.1:{taken.getsockname()[1]}"}
        measured.gateway.write(measured.configuration)
        done = measured.gateway.command("reload", check=False)
    assert done.returncode == 1
    assert metrics.get()[0] == 200


def test_beyond_loopback_needs_a_reason(measured, metrics):
    measured.configuration["observability"]["metrics"] = {"address": f"0.0.0.0:{metrics.port}"}
    measured.gateway.write(measured.configuration)
    done = measured.gateway.command("reload", check=False)
    assert done.returncode == 78 and "because" in done.stdout + done.stderr


def test_what_is_well_is_said(measured, metrics):
    assert metrics.get("/healthz")[::2] == (200, "ok\n")
    assert metrics.get("/readyz")[::2] == (200, "ready\n")
    lines = metrics.get("/readyz?verbose")[2].splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "[+] workers", "[+] configuration", "[+] listeners", "[+] trust", "[+] upstreams", "ready"]


def test_a_gateway_that_drains_is_not_ready_and_still_answers(edge, serve, metrics, alice):
    one = edge(serve(), observability__metrics=metrics.section, shutdown={"delay": "3s", "drain": "1s"})
    assert metrics.get("/readyz")[0] == 200
    one.gateway.signal(15)
    deadline = time.monotonic() + 15
    while metrics.get("/readyz")[0] != 503:
        assert time.monotonic() < deadline
    assert "[-] listeners: draining" in metrics.get("/readyz?verbose")[2]
    assert metrics.get("/healthz")[0] == 200
    one.gateway.wait()


@pytest.mark.parametrize("request_line, status", [
    ("POST /metrics HTTP/1.1", 405), ("GET /elsewhere HTTP/1.1", 404), ("GET /metrics HTTP/3.7", 505),
    ("GET  /metrics HTTP/1.1", 400), ("GET /" + "a" * 4000 + " HTTP/1.1", 414)])
def test_other_requests_are_refused(measured, metrics, request_line, status):
    assert exchange(metrics, request_line, "localhost").split(" ")[1] == str(status)


@pytest.mark.parametrize("host, status", [
    ("localhost", 200), ("localhost:9464", 200), ("127.0.0.1:1", 200), ("[::1]", 200), ("rebound.example", 421)])
def test_names_of_strangers_lead_nowhere(measured, metrics, host, status):
    assert exchange(metrics, "GET /metrics HTTP/1.1", host).split(" ")[1] == str(status)


def exchange(metrics, line, host):
    with socket.create_connection(("127.0.0.1", metrics.port), timeout=20) as plain:
        plain.sendall(f"{line}\r\nHost: {host}\r\n\r\n".encode())
        return plain.makefile("rb").read().decode()


def test_connections_that_say_nothing_end_and_leave_room(measured, metrics):
    silent = [socket.create_connection(("127.0.0.1", metrics.port), timeout=30) for _ in range(40)]
    first = ended(silent, 8)
    assert len(first) < 40, "32 may stay for a while"
    assert len(ended(silent, 40)) == 40
    assert metrics.get()[0] == 200


def ended(connections, count, timeout=40):
    """Those that the gateway has ended, once these are so many."""
    deadline = time.monotonic() + timeout
    while len(found := select.select(connections, [], [], 0.1)[0]) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count}"
    return found


def test_the_sum_of_many_at_once_is_exact(measured, metrics, alice):

    threads = [threading.Thread(target=ask, args=(measured, alice, 100)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        metrics.families()
    for thread in threads:
        thread.join()
    metrics.wait(f"{DURATION}_count", 1000, http_route="all", http_response_status_code="200")
