"""Let's Encrypt's ACME server for tests, with a name server that sends every name to this machine."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request

from gateway import Lines, free_port

MAC_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


def is_installed():
    return bool(shutil.which("pebble") and shutil.which("pebble-challtestsrv"))


class Pebble:
    def __init__(self, folder, certificate, http_port, tls_port, *, nonce_reject=0, external=False, lifetime=None, port=None):
        """`certificate`: of the ACME server itself, for localhost. `lifetime`: of what it issues, seconds."""
        self.port, self.management, self.dns = port or free_port(), free_port(), free_port()
        self.certificate = certificate
        settings = {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(certificate.certificate_file), "privateKey": str(certificate.key_file),
            "httpPort": http_port, "tlsPort": tls_port, "ocspResponderURL": "",
            "externalAccountBindingRequired": external}
        if external:
            settings["externalAccountMACKeys"] = {"kid-1": MAC_KEY}
        if lifetime:
            settings["certificateValidityPeriod"] = lifetime
        self.file = folder / "pebble.json"
        self.file.write_text(json.dumps({"pebble": settings}))
        self.environment = {
            **os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(nonce_reject), "PEBBLE_AUTHZREUSE": "0"}
        self.processes = []
        self.start()

    @property
    def directory(self):
        return f"https://localhost:{self.port}/dir"

    def start(self):
        self.names = self._run(
            "pebble-challtestsrv", "-defaultIPv6", "", "-dns01", f"127.0.0.1:{self.dns}", "-http01", "", "-https01", "",
            "-tlsalpn01", "", "-management", f"127.0.0.1:{free_port()}")
        self.server = self._run("pebble", "-config", str(self.file), "-dnsserver", f"127.0.0.1:{self.dns}", "-strict")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"pebble did not start:\n{self.output.text}")

    def _run(self, *command):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment,
            cwd=self.file.parent)
        self.output = Lines(process.stdout)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)
        self.processes = []

    def root(self):
        """The root of what it issues, as PEM; it makes a new one each time it starts."""
        context = ssl._create_unverified_context()
        with urllib.request.urlopen(f"https://127.0.0.1:{self.management}/roots/0", context=context, timeout=10) as reply:
            return reply.read().decode()
