"""What is shipped for Prometheus and Grafana, tried with a Prometheus that scrapes a gateway."""

import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest
import yaml

from gateway import ROOT, free_port
from scrapes import Metrics

DASHBOARD = ROOT / "deploy" / "grafana" / "sallyport.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"

pytestmark = pytest.mark.skipif(not shutil.which("prometheus"), reason="there is no prometheus: run dev/install test")


def queries():
    """(title of the panel, expression as Grafana would send it)"""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "30s").replace("$instance", ".*")


def alerts():
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule


class Prometheus:
    """A Prometheus of its own that scrapes one address four times a second."""

    def __init__(self, folder, target):
        self.port = free_port()
        file = folder / "prometheus.yml"
        file.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "250ms", "evaluation_interval": "250ms"}, "rule_files": [str(ALERTS)],
            "scrape_configs": [{"job_name": "sallyport", "static_configs": [{"targets": [target]}]}]}))
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn", "--enable-feature=exemplar-storage"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=20) as reply:
            answer = json.load(reply)
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, expression):
        return self.ask("query", query=expression)["result"]

    def wait(self, test, timeout=60):
        deadline = time.monotonic() + timeout
        while True:
            try:
                if found := test():
                    return found
            except OSError:
                pass
            assert self.process.poll() is None and time.monotonic() < deadline, "Prometheus has not come so far"
            time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def watched(edge, serve, alice, bob, tmp_path):
    """A gateway with a limit that is asked and refuses, and the Prometheus that has seen it at work."""
    upstream, metrics = serve(), Metrics()
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    one = edge(
        upstream, policies={"calls": {"rateLimit": {"by": "identity", "rate": "100/s", "burst": 100}}},
        observability__metrics=metrics.section,
        observability__otlp={"endpoint": f"http://127.0.0.1:{collector.server_port}", "sample": "100%"},
        routes=[{"name": "all", "match": {"path": "/"}, "allow": ["alice"], "to": upstream.url, "policies": ["calls"]}])
    prometheus = Prometheus(tmp_path, f"127.0.0.1:{metrics.port}")

    def work():
        for credential in (alice, bob):
            with one.client(credential) as client:
                client.request()

    work()
    prometheus.wait(lambda: prometheus.values("sallyport_build_info"))
    work()
    prometheus.wait(lambda: prometheus.values('sum(http_server_request_duration_seconds_count) == 4'))
    # A rate needs two scrapes.
    prometheus.wait(lambda: prometheus.values('count_over_time(sallyport_build_info[1m]) > 4'))
    yield prometheus, one
    prometheus.stop()
    collector.shutdown()
    collector.server_close()


def test_the_rules_are_good():
    done = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"{len(list(alerts()))} rules found" in done.stdout, done.stdout + done.stderr
    assert all({"summary", "description"} <= set(rule["annotations"]) for rule in alerts())


def test_every_query_has_data_and_every_alert_can_be_asked(watched):
    prometheus, _ = watched
    empty = [(title, query) for title, query in queries() if not prometheus.values(query)]
    assert not empty
    for rule in alerts():
        prometheus.values(rule["expr"])
    # Every name in a rule is one that the gateway has.
    names = set(prometheus.ask("label/__name__/values"))
    for expression in [rule["expr"] for rule in alerts()] + [query for _, query in queries()]:
        assert set(re.findall(r"\b(?:sallyport|http|process)_[a-z_]+\b(?=[{\[ )]|$)", expression)) - {"http_route", "http_response_status_code"} <= names
    groups = prometheus.ask("rules")["groups"]
    assert all(rule["health"] in ("ok", "unknown") for group in groups for rule in group["rules"])


def test_a_refused_file_raises_an_alert(watched):
    prometheus, one = watched
    one.gateway.write("version: 1\n")
    one.gateway.command("reload", check=False)
    prometheus.wait(lambda: "SallyportReloadRefused" in {
        alert["labels"]["alertname"] for alert in prometheus.ask("alerts")["alerts"]})


def test_prometheus_takes_exemplars(watched):
    prometheus, _ = watched
    series = prometheus.wait(lambda: prometheus.ask(
        "query_exemplars", query="http_server_request_duration_seconds_bucket", start=time.time() - 600,
        end=time.time() + 600))
    assert re.fullmatch("[0-9a-f]{32}", series[0]["exemplars"][0]["labels"]["trace_id"])


def test_a_scrape_has_no_flaw(edge, serve, alice):
    metrics = Metrics()
    one = edge(serve(), observability__metrics=metrics.section)
    with one.client(alice) as client:
        client.request()
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics.get()[2], capture_output=True, text=True, timeout=60)
    # It knows no counters of time in seconds but those that end so.
    assert done.returncode == 0, done.stdout + done.stderr
