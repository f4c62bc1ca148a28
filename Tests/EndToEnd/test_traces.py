"""Traces: whose context is followed, what is recorded, and what a collector gets."""

import base64
import http.server
import json
import re
import ssl
import threading
import time

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from certificates import SERVER
from clients import Client
from http2_client import HTTP2Client
from scrapes import OPEN_METRICS, Metrics

THEIRS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SERVER_KIND, CLIENT_KIND = 2, 3


class Collector:
    """An OTLP collector that answers what it is told, in turn, and keeps what it was sent."""

    def __init__(self, credential=None):
        self.requests, self.answers, self.changed = [], [], threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with collector.changed:
                    status, fields, answer = collector.answers.pop(0) if collector.answers else (200, {}, b"{}")
                    collector.requests.append((self.path, dict(self.headers), body, status))
                    collector.changed.notify_all()
                self.send_response(status)
                for name, value in {"content-length": str(len(answer)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if credential:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*credential)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}"

    def wait(self, test, timeout=30):
        """What `test` returns once it is true."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not (found := test()):
                left = deadline - time.monotonic()
                assert left > 0, [body for _, _, body, _ in self.requests]
                self.changed.wait(left)
            return found

    def spans(self):
        """Of every message that was taken; the parser of the protocol's own definition reads them."""
        found = []
        for path, headers, body, status in self.requests:
            assert path == "/v1/traces" and headers["content-type"] == "application/json"
            message = json_format.Parse(ids_as_base64(body), ExportTraceServiceRequest())
            if status == 200:
                found += [span for resource in message.resource_spans for scope in resource.scope_spans
                          for span in scope.spans]
        return found

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def ids_as_base64(body):
    """OTLP writes identifiers in hex where JSON of protobuf has base64; everything else is as protobuf says."""
    def change(value):
        if isinstance(value, dict):
            return {key: base64.b64encode(bytes.fromhex(one)).decode() if key in ("traceId", "spanId", "parentSpanId")
                    else change(one) for key, one in value.items()}
        return [change(one) for one in value] if isinstance(value, list) else value
    return json.dumps(change(json.loads(body)))


def attributes(span):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@pytest.fixture
def collector():
    one = Collector()
    yield one
    one.close()


@pytest.fixture
def traced(edge, serve, collector):
    def start(upstream=None, metrics=None, **otlp):
        section = {"endpoint": collector.url, "sample": "100%", **otlp}
        changes = {"observability__metrics": metrics.section} if metrics else {}
        return edge(upstream or serve(), observability__otlp=section, **changes)
    return start


def ask(one, credential, *fields, path="/"):
    with one.client(credential) as client:
        return client.request(path=path, fields=[f"{name}: {value}" for name, value in fields])


def two_spans(collector, count=2):
    return collector.wait(lambda: spans if len(spans := collector.spans()) >= count else None)


def of_kind(spans, kind):
    found = [span for span in spans if span.kind == kind]
    assert len(found) == 1, spans
    return found[0]


def test_a_request_is_a_server_span_with_a_client_span_below(traced, collector, alice):
    one = traced()
    assert ask(one, alice, path="/orders/7?token=secret").status == 200
    spans = two_spans(collector)
    server, client = of_kind(spans, SERVER_KIND), of_kind(spans, CLIENT_KIND)
    assert server.trace_id == client.trace_id and client.parent_span_id == server.span_id and not server.parent_span_id
    assert server.start_time_unix_nano <= client.start_time_unix_nano <= client.end_time_unix_nano
    assert abs(server.start_time_unix_nano / 1e9 - time.time()) < 120
    told = attributes(server)
    assert server.name == "GET all" and told["http.route"] == "all" and told["http.response.status_code"] == 200
    assert told["http.request.method"] == "GET" and told["url.path"] == "/orders/7" and told["url.scheme"] == "https"
    assert told["sallyport.identity"] == "alice" and told["client.address"] == "127.0.0.1"
    asked = attributes(client)
    assert asked["server.port"] == int(one.upstream.url.rsplit(":", 1)[1]) and asked["url.full"].endswith("/orders/7")
    assert b"secret" not in collector.requests[0][2]
    line = one.gateway.access_line(lambda line: line.get("trace_id") == server.trace_id.hex())
    assert line["span_id"] == server.span_id.hex() and line["sallyport.request_id"] == line["trace_id"]


def test_the_upstream_is_told_whose_child_it_is(traced, collector, alice):
    one = traced()
    ask(one, alice)
    client = of_kind(two_spans(collector), CLIENT_KIND)
    sent = one.upstream.requests[0].get("traceparent")
    assert sent == f"00-{client.trace_id.hex()}-{client.span_id.hex()}-01"


def test_a_stranger_gets_a_trace_of_its_own_with_a_link(traced, collector, alice):
    one = traced()
    ask(one, alice, ("traceparent", THEIRS), ("tracestate", "congo=t61rcWkgMzE"))
    server = of_kind(two_spans(collector), SERVER_KIND)
    assert server.trace_id.hex() != THEIRS[3:35] and not server.parent_span_id
    assert server.links[0].trace_id.hex() == THEIRS[3:35] and server.links[0].span_id.hex() == THEIRS[36:52]
    got = one.upstream.requests[0]
    assert THEIRS[3:35] not in got.get("traceparent") and got.get("tracestate") is None


@pytest.mark.parametrize("speaker", [Client, HTTP2Client])
def test_who_is_trusted_is_followed(traced, collector, alice, speaker):
    one = traced(trustCallers=["alice"], sample="0%")
    fields = [("traceparent", THEIRS), ("tracestate", "congo=t61rcWkgMzE")]
    with speaker(one.port, alice) as client:
        if speaker is Client:
            client.request(fields=[f"{name}: {value}" for name, value in fields])
        else:
            client.ask(fields=fields)
    server = of_kind(two_spans(collector), SERVER_KIND)
    assert server.trace_id.hex() == THEIRS[3:35] and server.parent_span_id.hex() == THEIRS[36:52]
    assert server.trace_state == "congo=t61rcWkgMzE"
    got = one.upstream.requests[0]
    assert got.get("tracestate") == "congo=t61rcWkgMzE" and got.get("traceparent").startswith(THEIRS[:36])


def test_who_is_trusted_and_not_recorded_is_not_recorded(traced, collector, alice):
    one = traced(trustCallers=["alice"])
    ask(one, alice, ("traceparent", THEIRS[:-1] + "0"))
    ask(one, alice, path="/second")
    server = of_kind(two_spans(collector), SERVER_KIND)
    assert attributes(server)["url.path"] == "/second"
    assert one.upstream.requests[0].get("traceparent").endswith("-00")


def test_without_tracing_fields_pass_as_they_came(edge, serve, alice):
    one = edge(serve())
    ask(one, alice, ("traceparent", THEIRS))
    assert one.upstream.requests[0].get("traceparent") == THEIRS


@pytest.mark.parametrize("field", [THEIRS.upper(), THEIRS + "-", "00-" + "0" * 32 + THEIRS[35:], "x" * 5000, ""])
def test_what_is_no_context_begins_a_trace(traced, collector, alice, field):
    one = traced(trustCallers=["alice"])
    ask(one, alice, ("traceparent", field))
    server = of_kind(two_spans(collector), SERVER_KIND)
    assert not server.parent_span_id and not server.links
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", one.upstream.requests[0].get("traceparent"))


def test_refusals_and_failures_are_told(traced, collector, alice, bob, serve):
    one = traced(upstream=Nobody())
    assert ask(one, alice).status == 502
    spans = two_spans(collector)
    assert of_kind(spans, CLIENT_KIND).status.code == 2 and of_kind(spans, SERVER_KIND).status.code == 2
    assert attributes(of_kind(spans, SERVER_KIND))["error.type"].startswith("SP5")
    assert ask(one, bob).status == 403
    refused = two_spans(collector, 3)[-1]
    assert refused.status.code == 0 and attributes(refused)["sallyport.reason"] == "SP3001"


class Nobody:
    url = "http://127.0.0.1:9"


def test_nothing_is_recorded_at_zero(traced, collector, alice):
    metrics = Metrics()
    one = traced(metrics=metrics, sample="0%")
    for _ in range(20):
        ask(one, alice)
    metrics.wait("http_server_request_duration_seconds_count", 20)
    one.gateway.signal(15)
    one.gateway.wait()
    assert not collector.requests


def test_what_waits_is_sent_before_the_end(traced, collector, alice):
    one = traced()
    ask(one, alice)
    one.gateway.signal(15)
    one.gateway.wait()
    assert len(collector.spans()) == 2


def test_a_busy_collector_is_asked_again(traced, collector, alice):
    metrics = Metrics()
    collector.answers = [(503, {}, b""), (429, {"retry-after": "2"}, b"")]
    one = traced(metrics=metrics)
    ask(one, alice)
    collector.wait(lambda: len(collector.requests) == 3)
    assert len({body for _, _, body, _ in collector.requests}) == 1
    metrics.wait("sallyport_spans_exported_total", 2)
    assert metrics.value("sallyport_spans_lost_total") == 0
    one.gateway.logged("SP9030")


def test_what_is_refused_is_counted(traced, collector, alice):
    metrics = Metrics()
    collector.answers = [(400, {}, b""), (200, {}, b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"odd"}}')]
    one = traced(metrics=metrics)
    ask(one, alice)
    metrics.wait("sallyport_spans_lost_total", 2)
    ask(one, alice)
    metrics.wait("sallyport_spans_lost_total", 3)
    assert metrics.value("sallyport_spans_exported_total") == 1
    one.gateway.logged("SP9031")


def test_the_collector_may_ask_for_a_secret_and_for_tls(traced, authority, alice, tmp_path, serve, edge):
    credential = authority.issue("collector", usage=SERVER, names=["127.0.0.1"])
    one = Collector((str(credential.certificate_file), str(credential.key_file)))
    try:
        secret = tmp_path / "token"
        secret.write_text("Bearer of-good-news\n")
        gateway = edge(serve(), observability__otlp={
            "endpoint": one.url, "sample": "100%", "trust": ["test"], "service": "edge-7",
            "headers": {"authorization": f"file:{secret}"}})
        ask(gateway, alice)
        assert len(two_spans(one)) == 2
        assert one.requests[0][1]["authorization"] == "Bearer of-good-news"
        resource = json.loads(one.requests[0][2])["resourceSpans"][0]["resource"]["attributes"]
        assert {"key": "service.name", "value": {"stringValue": "edge-7"}} in resource
        assert "of-good-news" not in gateway.gateway.output + json.dumps(gateway.gateway.status())
    finally:
        one.close()


def test_exemplars_lead_to_traces(traced, collector, alice):
    metrics = Metrics()
    one = traced(metrics=metrics)
    ask(one, alice)
    trace = of_kind(two_spans(collector), SERVER_KIND).trace_id.hex()
    buckets = metrics.families(OPEN_METRICS)["http_server_request_duration_seconds"].samples
    assert trace in {one.exemplar.labels["trace_id"] for one in buckets if one.exemplar}


def test_unencrypted_beyond_this_machine_needs_a_reason(traced, collector):
    one = traced()
    one.configuration["observability"]["otlp"]["endpoint"] = "http://collector.example:4318"
    one.gateway.write(one.configuration)
    done = one.gateway.command("reload", check=False)
    assert done.returncode == 78 and "because" in done.stdout + done.stderr


def test_the_collector_follows_the_file(traced, collector, alice):
    one, other = traced(), Collector()
    try:
        one.configuration["observability"]["otlp"]["endpoint"] = other.url
        one.gateway.write(one.configuration)
        one.gateway.command("reload")
        ask(one, alice)
        assert len(two_spans(other)) == 2 and not collector.requests
    finally:
        other.close()
