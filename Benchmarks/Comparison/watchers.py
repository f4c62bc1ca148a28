"""Who looks at a gateway while it is measured: a collector of traces, and a scraper that comes every second."""

import contextlib
import http.server
import socket
import threading
import urllib.request


class Watchers:
    """`metrics` is the port to have metrics on, `collector` the one to send traces to."""

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.metrics = probe.getsockname()[1]
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        self.collector = self.server.server_port
        self.over = threading.Event()
        for work in (self.server.serve_forever, self.scrape):
            threading.Thread(target=work, daemon=True).start()
        return self

    def scrape(self):
        while not self.over.wait(1):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10).read()

    def __exit__(self, *error):
        self.over.set()
        self.server.shutdown()


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass
