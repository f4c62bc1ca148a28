"""Connects to the gateway as browsers do, one after the other, and prints what came of each as JSON.

With `oracle`, cryptoparser computes the fingerprints of each ClientHello; to load it takes seconds.
Runs in .venv/scan, apart from the tests:  browser.py PORT (oracle | plain) BROWSER...
"""

import hashlib
import json
import socket
import sys
import threading

from curl_cffi import requests


def pipe(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Relay:
    """Passes one connection on and keeps its first record."""

    def __init__(self, port):
        self.target, self.hello = port, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        record = b""
        while len(record) < 5 or len(record) < 5 + int.from_bytes(record[3:5], "big"):
            record += client.recv(65536)
        self.hello = record[5:]
        server.sendall(record)
        threading.Thread(target=pipe, args=(server, client), daemon=True).start()
        pipe(client, server)


def is_grease(number):
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def ja3(hello):
    """cryptoparser leaves GREASE among the suites, which the definition of JA3 does not."""
    lists = [[number for number in field.split("-") if not (number and is_grease(int(number)))]
             for field in hello.ja3().split(",")]
    return hashlib.md5(",".join("-".join(field) for field in lists).encode()).hexdigest()


def fingerprints(message):
    from cryptoparser.tls.subprotocol import TlsHandshakeClientHello
    hello = TlsHandshakeClientHello.parse_exact_size(message)
    return {"ja3": ja3(hello), "ja4": hello.ja4().fingerprint}


def visit(port, browser, has_oracle):
    relay = Relay(port)
    try:
        reply = requests.get(
            f"https://localhost:{relay.port}/{browser}", impersonate=browser, verify=False, timeout=20, http_version="v1")
        outcome = reply.status_code
    except requests.exceptions.RequestException as error:
        outcome = str(error)
    return {"outcome": outcome, **(fingerprints(relay.hello) if has_oracle else {})}


def main(port, oracle, *browsers):
    print(json.dumps([visit(int(port), browser, oracle == "oracle") for browser in browsers]))


main(*sys.argv[1:])
