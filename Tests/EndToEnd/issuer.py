"""An issuer of tokens: its discovery document, its keys, and tokens that it or somebody else signed."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, length):
    return encode(value.to_bytes(length, "big"))


class SigningKey:
    """A key with its name, of P-256 or RSA."""

    def __init__(self, kid, kind="ES256"):
        self.kid, self.kind = kid, kind
        self.key = ec.generate_private_key(ec.SECP256R1()) if kind == "ES256" else rsa.generate_private_key(65537, 2048)

    @property
    def jwk(self):
        numbers = self.key.public_key().public_numbers()
        if self.kind == "ES256":
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "x": number(numbers.x, 32), "y": number(numbers.y, 32)}
        return {"kty": "RSA", "kid": self.kid, "n": number(numbers.n, 256), "e": number(numbers.e, 3)}

    def sign(self, data):
        if self.kind == "ES256":
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def token(self, claims, **header):
        head = {"alg": self.kind, "kid": self.kid, **header}
        text = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(claims).encode())}"
        return f"{text}.{encode(self.sign(text.encode()))}"


def mac_token(claims, secret, **header):
    text = f"{encode(json.dumps({'alg': 'HS256', **header}).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{text}.{encode(hmac.digest(secret, text.encode(), hashlib.sha256))}"


class Issuer:
    """Serves discovery and keys on this machine; `fetches` counts how often the keys were asked for."""

    def __init__(self):
        self.keys = [SigningKey("one"), SigningKey("two", "RS256")]
        self.fetches = 0
        self.fails = False
        self.document = None
        self.questions = []
        self.known = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = outer.answer(self.path)
                self.send_response(200 if body is not None else 404)
                content = json.dumps(body).encode()
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self):
                form = self.rfile.read(int(self.headers["content-length"])).decode()
                outer.questions.append((self.path, self.headers["authorization"], form))
                status, body = outer.introspect(parse_qs(form)["token"][0])
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def answer(self, path):
        if self.fails:
            return None
        if path == "/.well-known/openid-configuration":
            return self.document or {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            self.fetches += 1
            return {"keys": [key.jwk for key in self.keys]}
        return None

    def introspect(self, token):
        """RFC 7662; what is not known is not active."""
        return (500, {}) if self.fails else (200, self.known.get(token, {"active": False}))

    def claims(self, **changes):
        claims = {"iss": self.url, "aud": "orders", "sub": "alice", "exp": int(time.time()) + 300, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key=0, **changes):
        return self.keys[key].token(self.claims(**changes))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
