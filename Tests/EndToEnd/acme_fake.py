"""A small ACME server that checks no signature, for what pebble does not do: renewal information, profiles, misbehaviour."""

import base64
import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certificates import Authority, key_usage, now, pem


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class FakeACME:
    """`answers`: what paths say instead of the usual, as bytes, or as a function of the request that gives
    (status, fields, bytes)."""

    def __init__(self, folder, *, lifetime=86400, meta=None, window=None, hold=False, answers=None):
        self.authority = Authority(folder)
        self.lifetime, self.meta, self.window, self.hold = lifetime, meta, window, hold
        self.answers = answers or {}
        # Of (path, payload), in order.
        self.requests, self.issued, self.names = [], [], []
        self.lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.reply(200, {}, b"")

            def do_GET(self):
                self.reply(*fake.answer(self.path, None))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                payload = json.loads(decode(body["payload"])) if body["payload"] else None
                self.reply(*fake.answer(self.path, payload))

            def reply(self, status, fields, body):
                self.send_response(status)
                for name, value in {"replay-nonce": "bm9uY2U", "content-length": str(len(body)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    directory = property(lambda self: self.url + "/dir")

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def asked(self, prefix):
        with self.lock:
            return [payload for path, payload in self.requests if path.startswith(prefix)]

    def answer(self, path, payload):
        with self.lock:
            self.requests.append((path, payload))
        special = self.answers.get(path)
        if special is not None:
            return special(payload) if callable(special) else (200, {}, special)
        status, fields, body = self.usual(path, payload)
        return status, fields, body if isinstance(body, bytes) else json.dumps(body).encode()

    def usual(self, path, payload):
        if path == "/dir":
            links = {name: f"{self.url}/{name}" for name in ("newNonce", "newAccount", "newOrder")}
            if self.window:
                links["renewalInfo"] = self.url + "/renewal"
            return 200, {}, {**links, "meta": self.meta or {}}
        if path == "/newAccount":
            return 201, {"location": self.url + "/account/1"}, {"status": "valid"}
        if path == "/newOrder":
            self.names = [one["value"] for one in payload["identifiers"]]
            return 201, {"location": self.url + "/order"}, self.order("pending")
        if path.startswith("/authorization/"):
            return 200, {}, self.authorization(self.names[int(path.rsplit("/", 1)[1])])
        if path.startswith("/challenge/"):
            return 200, {}, {}
        if path == "/finalize":
            self.issue(x509.load_der_x509_csr(decode(payload["csr"])))
            return 200, {}, self.order("valid")
        if path == "/order":
            return 200, {}, self.order("valid" if self.issued else "pending")
        if path == "/certificate":
            return 200, {}, self.issued[-1]
        if path.startswith("/renewal/"):
            start, end = ((now() + datetime.timedelta(seconds=part)).strftime("%Y-%m-%dT%H:%M:%SZ") for part in self.window)
            return 200, {"retry-after": "60"}, {"suggestedWindow": {"start": start, "end": end}}
        return 404, {}, b""

    def order(self, status):
        return {
            "status": status, "identifiers": [{"type": "dns", "value": name} for name in self.names],
            "authorizations": [f"{self.url}/authorization/{index}" for index in range(len(self.names))],
            "finalize": self.url + "/finalize", "certificate": self.url + "/certificate"}

    def authorization(self, name):
        asked = self.asked("/challenge/")
        status = "valid" if asked and not self.hold else "pending"
        challenges = [
            {"type": kind, "status": status, "token": f"token-{name.replace('.', '-')}", "url": f"{self.url}/challenge/{kind}"}
            for kind in ("http-01", "tls-alpn-01")]
        return {"status": status, "identifier": {"type": "dns", "value": name}, "challenges": challenges}

    def issue(self, request):
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        issuer = self.authority.certificate
        certificate = (
            x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(issuer.subject).public_key(request.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now() - datetime.timedelta(seconds=5))
            .not_valid_after(now() + datetime.timedelta(seconds=self.lifetime))
            .add_extension(names, critical=True).add_extension(key_usage(leaf=True), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
            .sign(self.authority.key, hashes.SHA256()))
        self.issued.append(pem(certificate) + pem(issuer))
