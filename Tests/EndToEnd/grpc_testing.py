"""`grpc.testing.TestService` of the gRPC interoperability tests, with messages made at run time instead of compiled ones."""

import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto
SCALARS = {"int32": FIELD.TYPE_INT32, "bytes": FIELD.TYPE_BYTES, "string": FIELD.TYPE_STRING, "bool": FIELD.TYPE_BOOL}
MESSAGES = {
    "Empty": {},
    "Payload": {"body": (2, "bytes")},
    "EchoStatus": {"code": (1, "int32"), "message": (2, "string")},
    "SimpleRequest": {"response_size": (2, "int32"), "payload": (3, "Payload"), "response_status": (7, "EchoStatus")},
    "SimpleResponse": {"payload": (1, "Payload")},
    "StreamingInputCallRequest": {"payload": (1, "Payload")},
    "StreamingInputCallResponse": {"aggregated_payload_size": (1, "int32")},
    "ResponseParameters": {"size": (1, "int32"), "interval_us": (2, "int32")},
    "StreamingOutputCallRequest": {
        "response_parameters": (2, "*ResponseParameters"), "payload": (3, "Payload"), "response_status": (7, "EchoStatus")},
    "StreamingOutputCallResponse": {"payload": (1, "Payload")},
}


def _classes():
    file = descriptor_pb2.FileDescriptorProto(name="testing.proto", package="grpc.testing", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            one = message.field.add(name=field, number=number)
            one.label = FIELD.LABEL_REPEATED if kind[0] == "*" else FIELD.LABEL_OPTIONAL
            kind = kind.lstrip("*")
            if kind in SCALARS:
                one.type = SCALARS[kind]
            else:
                one.type, one.type_name = FIELD.TYPE_MESSAGE, f".grpc.testing.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"grpc.testing.{name}")) for name in MESSAGES}


TYPES = _classes()
Empty, Payload, EchoStatus, SimpleRequest, SimpleResponse = (TYPES[name] for name in (
    "Empty", "Payload", "EchoStatus", "SimpleRequest", "SimpleResponse"))
StreamingInputCallRequest, StreamingInputCallResponse, ResponseParameters = (TYPES[name] for name in (
    "StreamingInputCallRequest", "StreamingInputCallResponse", "ResponseParameters"))
StreamingOutputCallRequest, StreamingOutputCallResponse = (TYPES[name] for name in (
    "StreamingOutputCallRequest", "StreamingOutputCallResponse"))

INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"


def payload(size):
    return Payload(body=bytes(size))


def outputs(*sizes, **fields):
    return StreamingOutputCallRequest(response_parameters=[ResponseParameters(size=size) for size in sizes], **fields)


class Service:
    """The server's side of TestService, and what it saw of each call."""

    def __init__(self):
        self.cancelled, self.metadata, self.compress = [], [], False

    def begin(self, context):
        metadata = dict(context.invocation_metadata())
        self.metadata.append(metadata)
        context.add_callback(lambda: self.cancelled.append(context.code()))
        if INITIAL in metadata:
            context.send_initial_metadata(((INITIAL, metadata[INITIAL]),))
        if TRAILING in metadata:
            context.set_trailing_metadata(((TRAILING, metadata[TRAILING]),))
        if "x-compress" in metadata:
            context.set_compression(grpc.Compression.Gzip)

    def end(self, request, context):
        status = request.response_status
        if status.code:
            context.set_code(next(code for code in grpc.StatusCode if code.value[0] == status.code))
            context.set_details(status.message)

    def empty(self, request, context):
        self.begin(context)
        return Empty()

    def unary(self, request, context):
        self.begin(context)
        self.end(request, context)
        return SimpleResponse(payload=payload(request.response_size))

    def input(self, requests, context):
        self.begin(context)
        return StreamingInputCallResponse(aggregated_payload_size=sum(len(one.payload.body) for one in requests))

    def output(self, request, context):
        self.begin(context)
        for parameters in request.response_parameters:
            time.sleep(parameters.interval_us / 1e6)
            yield StreamingOutputCallResponse(payload=payload(parameters.size))

    def duplex(self, requests, context):
        self.begin(context)
        for request in requests:
            for parameters in request.response_parameters:
                time.sleep(parameters.interval_us / 1e6)
                yield StreamingOutputCallResponse(payload=payload(parameters.size))
            self.end(request, context)

    def handlers(self):
        def make(kind, behaviour, request, response):
            return kind(behaviour, request_deserializer=request.FromString, response_serializer=response.SerializeToString)
        return grpc.method_handlers_generic_handler("grpc.testing.TestService", {
            "EmptyCall": make(grpc.unary_unary_rpc_method_handler, self.empty, Empty, Empty),
            "UnaryCall": make(grpc.unary_unary_rpc_method_handler, self.unary, SimpleRequest, SimpleResponse),
            "StreamingInputCall": make(
                grpc.stream_unary_rpc_method_handler, self.input, StreamingInputCallRequest, StreamingInputCallResponse),
            "StreamingOutputCall": make(
                grpc.unary_stream_rpc_method_handler, self.output, StreamingOutputCallRequest, StreamingOutputCallResponse),
            "FullDuplexCall": make(
                grpc.stream_stream_rpc_method_handler, self.duplex, StreamingOutputCallRequest, StreamingOutputCallResponse),
        })


class GrpcServer:
    """grpcio's server on 127.0.0.1, in the clear or with TLS."""

    def __init__(self, credential=None):
        self.service = Service()
        self.server = grpc.server(futures.ThreadPoolExecutor(32))
        self.server.add_generic_rpc_handlers((self.service.handlers(),))
        if credential:
            pair = (credential.key_file.read_bytes(), credential.certificate_file.read_bytes())
            self.port = self.server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        else:
            self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.url = f"{'https' if credential else 'http'}://127.0.0.1:{self.port}"
        self.server.start()

    def close(self):
        self.server.stop(None).wait(5)


class Stub:
    """The client's side."""

    def __init__(self, channel):
        def make(kind, name, request, response, service="grpc.testing.TestService"):
            return kind(f"/{service}/{name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString)
        self.empty = make(channel.unary_unary, "EmptyCall", Empty, Empty)
        self.unary = make(channel.unary_unary, "UnaryCall", SimpleRequest, SimpleResponse)
        self.input = make(channel.stream_unary, "StreamingInputCall", StreamingInputCallRequest, StreamingInputCallResponse)
        self.output = make(channel.unary_stream, "StreamingOutputCall", StreamingOutputCallRequest, StreamingOutputCallResponse)
        self.duplex = make(channel.stream_stream, "FullDuplexCall", StreamingOutputCallRequest, StreamingOutputCallResponse)
        self.no_method = make(channel.unary_unary, "UnimplementedCall", Empty, Empty)
        self.no_service = make(channel.unary_unary, "UnimplementedCall", Empty, Empty, "grpc.testing.UnimplementedService")
