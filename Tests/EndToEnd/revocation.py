"""Revocation lists made with `cryptography`, servers that hand them out, and OpenSSL's OCSP responder."""

import datetime
import http.server
import subprocess
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from certificates import DAY, HOUR, key_pem, now, pem
from gateway import free_port


def revocation_list(authority, revoked=(), *, number=1, start=None, end=None, key=None, base=None, scope=None,
                    reason=None, der=False):
    """A list of `authority`; `revoked` are credentials. With `base` it is a delta list, with `key` a forged one."""
    start = start or now() - HOUR
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject).last_update(start).next_update(end or start + DAY)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False))
    if base is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
    if scope is not None:
        builder = builder.add_extension(scope, critical=True)
    for credential in revoked:
        one = (x509.RevokedCertificateBuilder().serial_number(credential.leaf.serial_number)
               .revocation_date(now() - HOUR))
        if reason:
            one = one.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(one.build())
    signed = builder.sign(key or authority.key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER if der else serialization.Encoding.PEM)


class ListServer:
    """Hands out `content` over plain HTTP; with None it answers 503."""

    def __init__(self, content=None):
        self.content, self.asked = content, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = outer.content
                self.send_response(503 if body is None else 200)
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/list.crl"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Responder:
    """`openssl ocsp` with an index that the test writes. Without `signer` the authority itself signs."""

    def __init__(self, folder, authority, *, signer=None, hours=1):
        self.folder, self.authority, self.port = folder, authority, free_port()
        self.index = folder / "index.txt"
        self.index.write_text("")
        (folder / "index.txt.attr").write_text("unique_subject = no\n")
        (folder / "ca.pem").write_bytes(pem(authority.certificate))
        certificate, key = (signer.leaf, signer.key) if signer else (authority.certificate, authority.key)
        (folder / "signer.pem").write_bytes(pem(certificate))
        (folder / "signer.key").write_bytes(key_pem(key))
        self.hours, self.process = hours, None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def set(self, credential, *, revoked):
        """One line of the index; the responder reads it when it starts."""
        def text(moment):
            return moment.astimezone(datetime.timezone.utc).strftime("%y%m%d%H%M%SZ")
        withdrawn = text(now() - HOUR) + ",keyCompromise" if revoked else ""
        self.index.write_text("\t".join(
            ["R" if revoked else "V", text(credential.leaf.not_valid_after_utc), withdrawn, credential.serial,
             "unknown", "/CN=x"]) + "\n")
        self.start()

    def start(self):
        self.close()
        self.process = subprocess.Popen(
            ["openssl", "ocsp", "-index", self.index, "-CA", self.folder / "ca.pem", "-rsigner",
             self.folder / "signer.pem", "-rkey", self.folder / "signer.key", "-port", str(self.port),
             "-nmin", str(self.hours * 60)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
