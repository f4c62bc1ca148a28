"""The gRPC interoperability cases by name, with grpcio on both sides and mutual TLS in between."""

import queue
import time

import grpc
import pytest

from certificates import SERVER, Authority
from conftest import Edge
from grpc_testing import (
    INITIAL, TRAILING, Empty, EchoStatus, GrpcServer, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest,
    Stub, outputs, payload)

SIZES_UP = [27182, 8, 1828, 45904]
SIZES_DOWN = [31415, 9, 2653, 58979]


def secured(one, authority, credential):
    certificate, key = credential
    with open(certificate, "rb") as chain, open(key, "rb") as private:
        credentials = grpc.ssl_channel_credentials(authority.file.read_bytes(), private.read(), chain.read())
    return grpc.secure_channel(f"localhost:{one.port}", credentials)


@pytest.fixture(scope="module", params=["h2c", "TLS"])
def service(request, tmp_path_factory, authority, server_certificate):
    """A gRPC server behind a gateway; in the clear by prior knowledge, or with TLS and ALPN."""
    folder = tmp_path_factory.mktemp("grpc")
    internal = Authority(tmp_path_factory.mktemp("internal"), "Internal Root")
    server = GrpcServer(internal.issue("orders", usage=SERVER, names=["127.0.0.1"]) if request.param == "TLS" else None)
    one = Edge(
        folder, authority, server_certificate, server,
        pki={"authorities": {"test": {"file": str(authority.file)}, "internal": {"file": str(internal.file)}}},
        upstreams={"service": {
            "targets": [server.url], **({"tls": {"trust": ["internal"]}} if request.param == "TLS" else {"protocol": "http2"})}},
        routes=[
            {"match": {"path": "/grpc.testing.TestService/*"}, "allow": ["alice"], "to": "service"},
            {"match": {"path": "/grpc.testing.UnimplementedService/*"}, "allow": ["alice"], "to": "service"},
            {"match": {"path": "/away.Service/*"}, "allow": ["alice"], "to": "http://127.0.0.1:9"}])
    yield one, server
    one.gateway.stop()
    server.close()


@pytest.fixture
def channel(service, authority, alice):
    with secured(service[0], authority, alice) as channel:
        yield channel


@pytest.fixture
def stub(channel):
    return Stub(channel)


def failure(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def test_empty_unary(stub):
    assert stub.empty(Empty(), timeout=10) == Empty()


def test_large_unary(stub):
    reply = stub.unary(SimpleRequest(response_size=314159, payload=payload(271828)), timeout=10)
    assert len(reply.payload.body) == 314159


def test_client_compressed_unary(stub, service):
    reply = stub.unary(
        SimpleRequest(response_size=314159, payload=payload(271828)), timeout=10, compression=grpc.Compression.Gzip)
    assert len(reply.payload.body) == 314159


def test_server_compressed_unary(stub):
    reply, call = stub.unary.with_call(
        SimpleRequest(response_size=314159, payload=payload(271828)), timeout=10, metadata=(("x-compress", "yes"),))
    assert len(reply.payload.body) == 314159


def test_client_streaming(stub):
    reply = stub.input((StreamingInputCallRequest(payload=payload(size)) for size in SIZES_UP), timeout=10)
    assert reply.aggregated_payload_size == sum(SIZES_UP)


def test_client_compressed_streaming(stub):
    reply = stub.input(
        (StreamingInputCallRequest(payload=payload(size)) for size in SIZES_UP), timeout=10,
        compression=grpc.Compression.Gzip)
    assert reply.aggregated_payload_size == sum(SIZES_UP)


def test_server_streaming(stub):
    replies = list(stub.output(outputs(*SIZES_DOWN), timeout=10))
    assert [len(reply.payload.body) for reply in replies] == SIZES_DOWN


def test_server_compressed_streaming(stub):
    replies = list(stub.output(outputs(*SIZES_DOWN), timeout=10, metadata=(("x-compress", "yes"),)))
    assert [len(reply.payload.body) for reply in replies] == SIZES_DOWN


class Questions:
    """Requests that are sent one by one."""

    def __init__(self):
        self.queue = queue.Queue()

    def __iter__(self):
        return self

    def __next__(self):
        request = self.queue.get()
        if request is None:
            raise StopIteration
        return request

    def ask(self, request):
        self.queue.put(request)


def test_ping_pong(stub):
    questions = Questions()
    call = stub.duplex(questions, timeout=20)
    for up, down in zip(SIZES_UP, SIZES_DOWN):
        questions.ask(outputs(down, payload=payload(up)))
        assert len(next(call).payload.body) == down
    questions.ask(None)
    assert list(call) == [] and call.code() == grpc.StatusCode.OK


def test_empty_stream(stub):
    call = stub.duplex(iter(()), timeout=10)
    assert list(call) == [] and call.code() == grpc.StatusCode.OK


def test_custom_metadata(stub):
    metadata = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
    _, call = stub.unary.with_call(
        SimpleRequest(response_size=314159, payload=payload(271828)), timeout=10, metadata=metadata)
    assert dict(call.initial_metadata())[INITIAL] == "test_initial_metadata_value"
    assert dict(call.trailing_metadata())[TRAILING] == b"\xab\xab\xab"
    duplex = stub.duplex(iter([outputs(314159, payload=payload(271828))]), timeout=10, metadata=metadata)
    assert len(list(duplex)) == 1
    assert dict(duplex.initial_metadata())[INITIAL] == "test_initial_metadata_value"
    assert dict(duplex.trailing_metadata())[TRAILING] == b"\xab\xab\xab"


def test_status_code_and_message(stub):
    status = EchoStatus(code=2, message="test status message")
    error = failure(lambda: stub.unary(SimpleRequest(response_status=status), timeout=10))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, "test status message")
    error = failure(lambda: list(stub.duplex(iter([StreamingOutputCallRequest(response_status=status)]), timeout=10)))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, "test status message")


def test_special_status_message(stub):
    message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    error = failure(lambda: stub.unary(SimpleRequest(response_status=EchoStatus(code=2, message=message)), timeout=10))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, message)


def test_unimplemented_method(stub):
    assert failure(lambda: stub.no_method(Empty(), timeout=10)).code() == grpc.StatusCode.UNIMPLEMENTED


def test_unimplemented_service(stub):
    assert failure(lambda: stub.no_service(Empty(), timeout=10)).code() == grpc.StatusCode.UNIMPLEMENTED


def ended_at_server(server, before, timeout=5):
    deadline = time.monotonic() + timeout
    while len(server.service.cancelled) <= before and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(server.service.cancelled) > before


def test_cancel_after_begin(stub, service):
    call = stub.input.future(Questions(), timeout=20)
    call.cancel()
    assert call.cancelled()
    assert call.code() == grpc.StatusCode.CANCELLED


def test_cancel_after_first_response(stub, service):
    before = len(service[1].service.cancelled)
    questions = Questions()
    call = stub.duplex(questions, timeout=20)
    questions.ask(outputs(31415, payload=payload(27182)))
    assert len(next(call).payload.body) == 31415
    call.cancel()
    assert failure(lambda: next(call)).code() == grpc.StatusCode.CANCELLED
    questions.ask(None)
    assert ended_at_server(service[1], before), "the server was not told"


def test_timeout_on_sleeping_server(stub):
    questions = Questions()
    call = stub.duplex(questions, timeout=0.001)
    questions.ask(outputs(31415, payload=payload(27182)))
    assert failure(lambda: next(call)).code() == grpc.StatusCode.DEADLINE_EXCEEDED
    questions.ask(None)


def test_rpc_soak(stub):
    for _ in range(100):
        assert len(stub.unary(SimpleRequest(response_size=3141, payload=payload(2718)), timeout=10).payload.body) == 3141


def test_channel_soak(service, authority, alice):
    for _ in range(20):
        with secured(service[0], authority, alice) as channel:
            reply = Stub(channel).unary(SimpleRequest(response_size=3141, payload=payload(2718)), timeout=10)
            assert len(reply.payload.body) == 3141


# What the gateway says itself.

def test_a_caller_who_may_not(service, authority, bob):
    with secured(service[0], authority, bob) as channel:
        error = failure(lambda: Stub(channel).empty(Empty(), timeout=10))
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED and "SP3001" in error.details()


def call(channel, path):
    return channel.unary_unary(path, request_serializer=Empty.SerializeToString, response_deserializer=Empty.FromString)


def test_a_service_without_a_route(channel):
    error = failure(lambda: call(channel, "/none.Service/Call")(Empty(), timeout=10))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_service_that_is_away(channel):
    error = failure(lambda: call(channel, "/away.Service/Call")(Empty(), timeout=10))
    assert error.code() == grpc.StatusCode.UNAVAILABLE and "SP5001" in error.details()


def test_messages_are_not_held_back(stub):
    """Each message of a stream comes when it was sent, not when the stream ends."""
    request = outputs(10, 10, 10)
    for parameters in request.response_parameters:
        parameters.interval_us = 300_000
    times = []
    for _ in stub.output(request, timeout=10):
        times.append(time.monotonic())
    assert times[1] - times[0] > 0.15 and times[2] - times[1] > 0.15


def test_a_call_does_not_outlive_its_deadline(service, stub):
    before = len(service[1].service.cancelled)
    request = outputs(10)
    request.response_parameters[0].interval_us = 3_000_000
    error = failure(lambda: list(stub.output(request, timeout=0.5)))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert ended_at_server(service[1], before, timeout=2.5)
