"""Every kind of certificate that must not get in, and every kind of garbage that is not a handshake.

Each is refused, logged with its own code within two seconds, and nothing reaches the upstream."""

import contextlib
import socket
import ssl
import struct
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from certificates import DAY, HOUR, SERVER, Authority, deep_chain, key_pem, now, self_signed, small_rsa
from clients import Client, Closed, context_for, refused
from conftest import files


def unknown_issuer(authority):
    return Authority(authority.folder, "Somebody Else").issue("alice")


def same_name_other_key(authority):
    """Its authority has the trusted authority's name but not its key."""
    return Authority(authority.folder, "Test Root").issue("alice")


def issued_by_a_leaf(authority):
    leaf = authority.issue("alice")
    impostor = Authority(authority.folder, "impostor")
    impostor.certificate, impostor.key, impostor.issuer = leaf.leaf, leaf.key, authority
    return impostor.issue("alice")


def unknown_critical_extension(authority):
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
    return authority.issue("alice", extensions=[(strange, True)])


def beyond_path_length(authority):
    short = Authority(authority.folder, "No Further", issuer=authority, path_length=0)
    return Authority(authority.folder, "Further", issuer=short).issue("alice")


BAD_CERTIFICATES = {
    "expired": ("SP2203", lambda ca: ca.issue("alice", start=now() - 2 * DAY, end=now() - HOUR)),
    "not yet valid": ("SP2204", lambda ca: ca.issue("alice", start=now() + HOUR, end=now() + DAY)),
    "unknown issuer": ("SP2205", unknown_issuer),
    "self-signed": ("SP2206", lambda ca: self_signed(ca.folder, "alice")),
    "wrong usage": ("SP2214", lambda ca: ca.issue("alice", usage=SERVER)),
    "no usage": ("SP2214", lambda ca: ca.issue("alice", usage=None)),
    "a chain of 100 intermediates": ("SP2202", lambda ca: deep_chain(ca, 100).issue("alice")),
    "too many intermediates": ("SP2213", lambda ca: deep_chain(ca, 4).issue("alice")),
    "beyond the path length": ("SP2213", beyond_path_length),
    "issued by a leaf": ("SP2212", issued_by_a_leaf),
    "an authority's own": ("SP2215", lambda ca: ca.issue("alice", authority_leaf=True)),
    "RSA of 1,024 bits": ("SP2209", lambda ca: ca.issue("alice", key=small_rsa())),
    "unknown critical extension": ("SP2217", unknown_critical_extension),
}


@pytest.mark.parametrize("kind", BAD_CERTIFICATES)
def test_bad_certificate(kind, shared, authority):
    code, make = BAD_CERTIFICATES[kind]
    credential = make(authority)
    before, mark = len(shared.upstream.requests), shared.gateway.mark()
    assert handshake_is_refused(shared.port, credential)
    line = shared.gateway.logged(code, since=mark)
    # A chain beyond all bounds is not even read.
    assert code == "SP2202" or credential.serial in line and "CN=alice" in line, line
    assert len(shared.upstream.requests) == before


def handshake_is_refused(port, credential):
    """OpenSSL's own security level would keep weak keys from being sent at all: it is set to 0."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.use_certificate_chain_file(str(credential.certificate_file))
    context.use_privatekey_file(str(credential.key_file))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        connection = SSL.Connection(context, plain)
        connection.set_tlsext_host_name(b"localhost")
        connection.set_connect_state()
        plain.settimeout(None)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 10, 0))
        try:
            connection.do_handshake()
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return not connection.recv(1)
        except (SSL.SysCallError, SSL.ZeroReturnError):
            return True
        except SSL.Error as error:
            assert error.args and error.args[0], "refused by the client's own library, not by the gateway"
            return "alert" in str(error)


def test_another_authority_of_the_same_name(shared, authority):
    mark, before = shared.gateway.mark(), len(shared.upstream.requests)
    assert handshake_is_refused(shared.port, same_name_other_key(authority))
    shared.gateway.logged("SP22", since=mark)
    assert len(shared.upstream.requests) == before


def test_sha1_signature(shared, authority):
    """`cryptography` no longer signs with SHA-1, so openssl makes this one."""
    folder = authority.folder
    credential = authority.issue("alice")
    (folder / "root.key").write_bytes(key_pem(authority.key))
    (folder / "sha1.ext").write_text("extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n")
    subprocess.run(["openssl", "req", "-new", "-key", credential.key_file, "-subj", "/CN=alice", "-out", folder / "sha1.csr"],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-sha1", "-in", folder / "sha1.csr", "-CA", authority.file, "-CAkey",
                    folder / "root.key", "-set_serial", "77", "-days", "2", "-extfile", folder / "sha1.ext", "-out",
                    folder / "sha1.pem"], check=True, capture_output=True)
    credential.chain = [x509.load_pem_x509_certificate((folder / "sha1.pem").read_bytes())]
    assert isinstance(credential.leaf.signature_hash_algorithm, hashes.SHA1)
    mark = shared.gateway.mark()
    assert handshake_is_refused(shared.port, credential)
    shared.gateway.logged("SP2208", since=mark)


def test_no_certificate(shared):
    mark, before = shared.gateway.mark(), len(shared.upstream.requests)
    assert refused(shared.port)
    line = shared.gateway.logged("SP2001", since=mark)
    assert "sallyport cert client" in line and "127.0.0.1" in line and "localhost" in line, line
    assert len(shared.upstream.requests) == before


def test_each_kind_is_logged_at_warn_once(shared, authority):
    mark = shared.gateway.mark()
    assert handshake_is_refused(shared.port, self_signed(authority.folder, "alice"))
    line = shared.gateway.logged("SP2206", since=mark)
    assert "warn" in line.lower(), line
    time.sleep(0.3)
    assert sum("SP2206" in one for one in shared.gateway.stderr.lines[mark:]) == 1


def test_the_client_is_not_told_why(shared, authority):
    """All refusals of a certificate look alike on the wire."""
    seen = set()
    for kind in ("expired", "unknown issuer", "wrong usage"):
        credential = BAD_CERTIFICATES[kind][1](authority)
        with pytest.raises((ssl.SSLError, OSError, Closed)) as caught:
            with Client(shared.port, files(credential)) as client:
                client.request()
        seen.add(getattr(caught.value, "reason", None) or type(caught.value).__name__)
    assert len(seen) == 1, seen


def test_a_key_that_is_not_the_certificates(shared, authority):
    """The certificate is public; whoever shows it without its key is nobody."""
    stolen, own = authority.issue("alice"), authority.issue("mallory")
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate(stolen.leaf)
    try:
        context.use_privatekey(own.key)
    except SSL.Error:
        return  # this OpenSSL refuses to try
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
        connection = SSL.Connection(context, plain)
        connection.set_connect_state()
        with pytest.raises(SSL.Error):
            connection.do_handshake()
            connection.recv(1)


# What is not a handshake


def raw(port, data, *, wait=5):
    """Sends bytes and returns everything that comes back until the gateway closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as plain:
        received = b""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            plain.sendall(data)
            while chunk := plain.recv(65536):
                received += chunk
        return received


def client_hello():
    """A real ClientHello handshake message, without its record header."""
    context, incoming, outgoing = context_for(), ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()[5:]


def record(payload, kind=22):
    return bytes([kind, 3, 1]) + struct.pack(">H", len(payload)) + payload


NOT_HANDSHAKES = {
    "garbage": ("SP2021", lambda: bytes(range(128, 256)) * 8),
    "SSH": ("SP2021", lambda: b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "SSL 2.0": ("SP2022", lambda: bytes([0x80, 0x2E, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]) + bytes(40)),
    "an alert": ("SP2023", lambda: record(bytes([2, 40]), kind=21)),
    "a PROXY header": ("SP2024", lambda: b"PROXY TCP4 10.0.0.1 10.0.0.2 1234 443\r\n"),
    "one-byte records": ("SP2102", lambda: b"".join(record(bytes([one])) for one in client_hello())),
    "a ServerHello": ("SP2112", lambda: record(bytes([2]) + client_hello()[1:])),
    "a body that is noise": ("SP2100", lambda: record(bytes([1, 0, 0, 64, 3, 3]) + bytes([0xAA]) * 62)),
    "SSL 3.0": ("SP2108", lambda: record(client_hello()[:4] + bytes([3, 0]) + client_hello()[6:])),
    "a record inside": ("SP2113", lambda: record(client_hello()[:40]) + record(bytes([0]), kind=23)),
    "a record that is too large": ("SP2114", lambda: bytes([22, 3, 1, 0x40, 1])),
    "a body that is too large": ("SP2101", lambda: record(bytes([1, 0xFF, 0xFF, 0xFF]) + bytes(512))),
}


@pytest.mark.parametrize("kind", NOT_HANDSHAKES)
def test_not_a_handshake(kind, shared):
    code, make = NOT_HANDSHAKES[kind]
    mark = shared.gateway.mark()
    answer = raw(shared.port, make())
    assert len(answer) < 64, answer
    shared.gateway.logged(code, since=mark)


def test_a_client_hello_in_a_few_records_and_segments_is_good(shared, alice):
    """Fragmentation alone is legal: large ClientHellos are split."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context_for(alice).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = outgoing.read()[5:]
        for start in range(0, len(hello), 100):
            plain.sendall(record(hello[start:start + 100]))
            time.sleep(0.005)
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        incoming.write(plain.recv(65536))
        for _ in range(20):
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(plain.recv(65536))
        tls.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.sendall(outgoing.read())
        answer = b""
        while b"\r\n" not in answer:
            incoming.write(plain.recv(65536))
            try:
                answer += tls.read(65536)
            except ssl.SSLWantReadError:
                continue
        assert answer.startswith(b"HTTP/1.1 200"), answer


@pytest.mark.parametrize("request_line", [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"POST /x HTTP/1.0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT localhost:443 HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n", b"GET /<script>secret</script> HTTP/1.1\r\n\r\n"])
def test_plain_http_on_the_tls_port(shared, request_line):
    mark, before = shared.gateway.mark(), len(shared.upstream.requests)
    answer = raw(shared.port, request_line)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in answer and b"SP2020" in answer, answer
    assert b"secret" not in answer and b"localhost" not in answer
    shared.gateway.logged("SP2020", since=mark)
    assert len(shared.upstream.requests) == before


def test_plain_http_in_pieces_is_answered_as_soon_as_it_is_known(shared):
    """A method and a space are enough; the rest is not waited for, nothing of it is repeated, and nobody is redirected."""
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET ":
            plain.sendall(bytes([byte]))
        answer = b""
        while chunk := plain.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"connection: close" in head and b"location" not in head.lower(), head
    assert f"content-length: {len(body)}".encode() in head


def test_silence_is_ended(shared):
    """A connection that sends nothing, and one that sends half a ClientHello, are closed by the handshake deadline."""
    hello = record(client_hello())
    begun = time.monotonic()
    mark = shared.gateway.mark()
    with socket.create_connection(("127.0.0.1", shared.port), timeout=12) as silent, \
            socket.create_connection(("127.0.0.1", shared.port), timeout=12) as half:
        half.sendall(hello[:60])
        for one in (silent, half):
            with contextlib.suppress(ConnectionResetError):
                while one.recv(100):
                    pass
    assert 1 < time.monotonic() - begun < 10
    shared.gateway.logged("SP2013", since=mark)


def test_a_slow_trickle_does_not_extend_the_deadline(shared):
    hello = record(client_hello())
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", shared.port), timeout=12) as plain:
        with pytest.raises(OSError):
            for byte in hello:
                plain.sendall(bytes([byte]))
                time.sleep(0.2)
                if time.monotonic() - begun > 12:
                    break
            else:
                return
    assert time.monotonic() - begun < 10


def test_port_probes_do_no_harm(shared):
    for _ in range(50):
        socket.create_connection(("127.0.0.1", shared.port), timeout=5).close()


def test_an_unknown_server_name_is_refused(shared, alice):
    mark = shared.gateway.mark()
    with pytest.raises((ssl.SSLError, OSError)):
        shared.client(alice, server_name="other.example").close()
    shared.gateway.logged("SP2106", since=mark)


def test_a_wildcard_name_of_the_certificate_is_known(shared, alice):
    with shared.client(alice, server_name="one.wild.test") as client:
        assert client.request(host="one.wild.test").status == 200


def test_no_server_name_is_accepted(shared, alice):
    with shared.client(alice, server_name=None) as client:
        assert client.request(host="localhost").status == 200


def test_alpn_without_common_protocol_is_refused(shared, alice):
    mark = shared.gateway.mark()
    with pytest.raises((ssl.SSLError, OSError)):
        Client(shared.port, context=context_for(alice, alpn=("acme-tls/1", "smtp"))).close()
    shared.gateway.logged("SP2107", since=mark)


def test_alpn_is_answered_and_may_be_absent(shared, alice):
    with shared.client(alice) as client:
        assert client.socket.selected_alpn_protocol() == "http/1.1"
    with Client(shared.port, context=context_for(alice, alpn=())) as client:
        assert client.request().status == 200


def test_a_resumed_session_meets_the_same_checks(shared, alice):
    context = context_for(alice)
    with Client(shared.port, context=context) as first:
        assert first.request().status == 200
        session = first.socket.session
    plain = socket.create_connection(("127.0.0.1", shared.port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
        again.sendall(b"GET /resumed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert again.recv(100).startswith(b"HTTP/1.1 200")
    assert shared.gateway.access_line(lambda line: line.get("url.path") == "/resumed")["sallyport.identity"] == "alice"


def test_a_certificate_that_expires_ends_live_and_resumed_connections(shared, authority):
    """Valid when the connection was opened is not valid for ever."""
    brief = authority.issue("alice", end=now().replace(microsecond=0) + HOUR / 900)  # four seconds
    context = context_for(files(brief))
    with Client(shared.port, context=context) as client:
        assert client.request().status == 200
        session = client.socket.session
        time.sleep(6)
        try:
            reply = client.request()
            assert (reply.status, reply.code) == (403, "SP3006")
        except Closed:
            pass
    plain = socket.create_connection(("127.0.0.1", shared.port), timeout=10)
    try:
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
            again.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " not in again.recv(100)
    except OSError:
        pass
