"""Certificates over time: files that break and are mended, expiry, and authorities that are replaced under load."""

import json
import os
import random
import re
import shutil
import subprocess
import threading
import time

import pytest

from certificates import DAY, HOUR, SERVER, Authority, key_pem, now, p256, pem
from clients import Client, Closed, context_for, refused
from conftest import files
from gateway import Gateway, binary, free_port, sallyport

ROTATIONS = int(os.environ.get("SALLYPORT_ROTATIONS", "1000" if os.environ.get("SALLYPORT_SLOW_TESTS") == "1" else "16"))


def configuration(port, upstream, **changes):
    return {
        "version": 1,
        "listeners": {"main": {"address": f"127.0.0.1:{port}", "tls": {"names": ["localhost"]}}},
        "routes": [{"match": {"path": "/"}, "allow": ["alice"], "to": upstream.url}], **changes}


@pytest.fixture
def run(tmp_path):
    started = []

    def start(content, **options):
        started.append(Gateway(tmp_path, content, **options))
        return started[-1]
    yield start
    for one in started:
        one.stop()


# Files that break


def truncated(data):
    return data[:len(data) // 2]


FAULTS = {
    "certificate cut off": ("certificate", truncated),
    "key cut off": ("key", truncated),
    "certificate empty": ("certificate", lambda data: b""),
    "key empty": ("key", lambda data: b""),
    "certificate missing": ("certificate", None),
    "key missing": ("key", None),
    "bundle missing": ("bundle", None),
    "bundle empty": ("bundle", lambda data: b""),
    "bundle cut off": ("bundle", truncated),
    "bundle with one bad certificate": (
        "bundle", lambda data: data + b"-----BEGIN CERTIFICATE-----\nMAMBAQA=\n-----END CERTIFICATE-----\n"),
    "bundle is a folder": ("bundle", "folder"),
    "certificate is a folder": ("certificate", "folder"),
    "bundle too large": ("bundle", lambda data: data + b" " * (5 << 20)),
    "key of somebody else": ("key", lambda data: key_pem(p256())),
    "key in place of the certificate": ("certificate", lambda data: key_pem(p256())),
    "key encrypted": ("key", lambda data: data.replace(b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY")),
}
HARMLESS = {
    "line ends of Windows": lambda data: data.replace(b"\n", b"\r\n"),
    "byte-order mark": lambda data: b"\xef\xbb\xbf" + data,
    "blank lines behind": lambda data: data + b"\n \n\n",
    "no line end": lambda data: data.rstrip(b"\n"),
}


@pytest.mark.timeout(180)
def test_broken_files_change_nothing(edge, serve, alice, authority, tmp_path):
    """Whatever becomes of a file: the reload is refused with a code, and who was served is served."""
    server = authority.issue("localhost", usage=SERVER, names=["localhost"])
    paths = {"certificate": tmp_path / "server.pem", "key": tmp_path / "server.key", "bundle": tmp_path / "bundle.pem"}
    good = {
        "certificate": server.certificate_file.read_bytes(), "key": server.key_file.read_bytes(),
        "bundle": authority.file.read_bytes()}
    for name, path in paths.items():
        path.touch(mode=0o600)
        path.write_bytes(good[name])
    one = edge(
        serve(), pki__authorities__test__file=str(paths["bundle"]),
        listeners__main__tls={"profile": "edge", "certificate": str(paths["certificate"]), "key": f"file:{paths['key']}"})
    with one.client(alice) as kept:
        for label, (name, change) in FAULTS.items():
            path = paths[name]
            path.unlink()
            if change == "folder":
                path.mkdir()
            elif change is not None:
                path.write_bytes(change(good[name]))
            done = one.gateway.command("reload", check=False)
            assert done.returncode != 0 and re.search(r"SP[12]\d{3}", done.stderr), (label, done)
            assert "BEGIN" not in done.stderr and "keeps serving" in done.stderr, (label, done)
            status = one.gateway.status()
            assert status["generation"] == 1 and not status["lastReload"]["succeeded"], (label, status)
            assert kept.request().status == 200, label
            with one.client(alice) as fresh:
                assert fresh.request().status == 200, label
            assert refused(one.port), f"{label}: nobody comes in without a certificate"
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            path.write_bytes(good[name])
        generation = 1
        for label, change in HARMLESS.items():
            for name, path in paths.items():
                path.write_bytes(change(good[name]))
            one.gateway.command("reload")
            generation += 1
            assert one.gateway.status()["generation"] == generation, label
            assert kept.request().status == 200, label


def test_chain_out_of_order_is_sent_in_order(edge, serve, alice, authority, tmp_path):
    upper = Authority(tmp_path, "Upper", issuer=authority)
    lower = Authority(tmp_path, "Lower", issuer=upper)
    server = lower.issue("localhost", usage=SERVER, names=["localhost"])
    leaf, low, up = (pem(each) for each in server.chain)
    file = tmp_path / "chain.pem"
    file.write_bytes(leaf + up + low + low)
    one = edge(serve(), listeners__main__tls={
        "profile": "edge", "certificate": str(file), "key": f"file:{server.key_file}"})
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{one.port}", "-showcerts", "-servername", "localhost"],
        input="", capture_output=True, text=True, timeout=20).stdout
    subjects = re.findall(r"(?m)^ \d+ s:.*CN ?= ?(\S+)", shown)
    assert subjects == ["localhost", "Lower", "Upper"], shown
    done = sallyport("check", "-c", one.gateway.file, state=tmp_path / "none")
    assert "SP1523" in done.stdout + done.stderr and "SP1524" in done.stdout + done.stderr


# Expiry


def bundle(folder, *authorities):
    path = folder / "bundle.pem"
    path.write_bytes(b"".join(pem(one.certificate) for one in authorities))
    return path


def test_one_expired_authority_among_several_is_a_warning(edge, serve, alice, authority, tmp_path):
    old = Authority(tmp_path, "Old Root", life=-HOUR / 2)
    path = bundle(tmp_path, old, authority)
    one = edge(serve(), pki__authorities__test__file=str(path))
    with one.client(alice) as client:
        assert client.request().status == 200
    assert "CN=Old Root" in one.gateway.logged("trust bundle")
    assert "EXPIRED" in one.gateway.command("status").stdout
    ended = [each for each in one.gateway.status()["lifetimes"] if each["subject"] == "CN=Old Root"]
    assert [(each["use"], each["name"], each["daysLeft"], each["share"]) for each in ended] == [("trust", "test", -1, 0)]
    checked = sallyport("check", "-c", one.gateway.file, state=tmp_path / "none")
    assert "SP1520" in checked.stdout + checked.stderr
    bundle(tmp_path, old)
    refusal = one.gateway.command("reload", check=False)
    assert refusal.returncode != 0 and "SP2255" in refusal.stderr
    assert sallyport("check", "-c", one.gateway.file, state=tmp_path / "none", check=False).returncode == 78
    with one.client(alice) as client:
        assert client.request().status == 200


def test_fail_if_expiring(edge, serve, authority, tmp_path):
    server = authority.issue("localhost", usage=SERVER, names=["localhost"], end=now() + 10 * DAY)
    one = edge(serve(), listeners__main__tls={
        "profile": "edge", "certificate": str(server.certificate_file), "key": f"file:{server.key_file}"})

    def check(limit):
        return sallyport(
            "check", "-c", one.gateway.file, "--fail-if-expiring", limit, "--json", state=one.gateway.state, check=False)
    assert check("9d").returncode == 0
    done = check("11d")
    found = [each for each in json.loads(done.stdout)["diagnostics"] if each["code"] == "SP1521"]
    assert done.returncode == 1 and len(found) == 1 and "CN=localhost" in found[0]["message"], done
    assert check("31d").returncode == 1
    for bad in ("", "30", "d", "-1d", "99999d", "1w", "9999999999999999999d"):
        assert check(bad).returncode == 64, bad


def test_fail_if_expiring_looks_at_the_built_in_authority(run, serve, tmp_path):
    gateway = run(configuration(free_port(), serve()))
    gateway.command("cert", "client", "alice", "--hours", "5")

    def codes(limit):
        done = gateway.command("check", "-c", gateway.file, "--fail-if-expiring", limit, "--json", check=False)
        return done.returncode, [each["message"] for each in json.loads(done.stdout)["diagnostics"]]
    assert codes("1h") == (0, [])
    status, messages = codes("5d")
    assert status == 1 and len(messages) == 1 and "alice" in messages[0], "what renews itself is no finding"
    status, messages = codes("3650d")
    assert status == 1 and any("Intermediate" in one for one in messages) and any("Root" in one for one in messages)


def test_expired_at_the_start(edge, serve, authority, tmp_path):
    server = authority.issue("localhost", usage=SERVER, names=["localhost"], start=now() - 2 * DAY, end=now() - DAY)
    one = edge(serve(), wait=False, listeners__main__tls={
        "profile": "edge", "certificate": str(server.certificate_file), "key": f"file:{server.key_file}"})
    assert one.gateway.wait(20) != 0 and "SP2501" in one.gateway.output


@pytest.mark.timeout(60)
def test_revocation_holds_though_a_certificate_of_a_listener_has_expired(run, serve, authority, tmp_path):
    """What the operator let expire must not keep a revocation from being taken up."""
    server = authority.issue("localhost", usage=SERVER, names=["localhost"], end=now() + DAY / 86400 * 8)
    port, other = free_port(), free_port()
    content = configuration(port, serve())
    content["listeners"]["files"] = {
        "address": f"127.0.0.1:{other}",
        "tls": {"certificate": str(server.certificate_file), "key": f"file:{server.key_file}"}}
    gateway = run(content)
    gateway.command("cert", "client", "alice")
    alice = (str(gateway.state / "clients/alice.pem"), str(gateway.state / "clients/alice.key"))
    with Client(port, alice) as client:
        assert client.request().status == 200
    while now() <= server.leaf.not_valid_after_utc:
        time.sleep(0.2)
    time.sleep(1)
    gateway.command("cert", "revoke", "alice", "--yes")
    assert refused(port, alice) and refused(other, alice)


# Commands


def test_a_valid_certificate_is_not_overwritten(tmp_path):
    state = tmp_path / "state"
    sallyport("cert", "client", "alice", state=state)
    before = (state / "clients/alice.key").read_bytes()
    done = sallyport("cert", "client", "alice", state=state, check=False)
    assert done.returncode == 1 and "SP2269" in done.stderr and "cert renew alice" in done.stderr
    assert (state / "clients/alice.key").read_bytes() == before
    sallyport("cert", "client", "alice", "--yes", state=state)
    assert (state / "clients/alice.key").read_bytes() != before
    sallyport("cert", "revoke", "alice", "--yes", state=state)
    sallyport("cert", "client", "alice", state=state)


def test_list_folds_what_was_replaced(tmp_path):
    state = tmp_path / "state"
    sallyport("cert", "client", "alice", state=state)
    sallyport("cert", "server", "localhost", state=state)
    for _ in range(3):
        sallyport("cert", "renew", "localhost", "--server", state=state)
    listed = sallyport("cert", "list", state=state)
    assert listed.stdout.count("localhost") == 1 and "3 server certificates" in listed.stderr
    assert sallyport("cert", "list", "--all", state=state).stdout.count("localhost") == 4
    assert len(json.loads(sallyport("cert", "list", "--json", state=state).stdout)) == 5


def test_check_warns_of_names_that_nobody_can_bear(run, serve):
    gateway = run(configuration(free_port(), serve()))
    done = gateway.command("check", "-c", gateway.file)
    assert "SP1522" in done.stdout and "cert client alice" in done.stdout
    gateway.command("cert", "client", "alice")
    assert "SP1522" not in gateway.command("check", "-c", gateway.file).stdout


def test_rotation_asks_and_explains(tmp_path):
    state = tmp_path / "state"
    assert "SP2263" in sallyport("ca", "rotate", "--yes", state=state, check=False).stderr
    sallyport("ca", "init", state=state)
    before = (state / "ca/root.pem").read_bytes()
    assert sallyport("ca", "rotate", "root", state=state, check=False).returncode == 1
    assert (state / "ca/root.pem").read_bytes() == before
    assert sallyport("ca", "rotate", "root", "--finish", state=state, check=False).returncode == 64
    sallyport("cert", "client", "alice", state=state)
    shown = json.loads(sallyport("ca", "rotate", "root", "--yes", "--json", state=state).stdout)
    assert [each["state"] for each in shown["former"]] == ["overlap", "overlap"]
    assert "SP2266" in sallyport("ca", "rotate", "root", "--yes", state=state, check=False).stderr
    key = tmp_path / "offline.key"
    (state / "ca/root.key").rename(key)
    assert "SP2267" in sallyport("ca", "rotate", "--yes", state=state, check=False).stderr
    sallyport("ca", "rotate", "--yes", "--root-key", key, state=state)
    assert not (state / "ca/root.key").exists()


@pytest.mark.timeout(120)
def test_a_rotation_that_is_killed_leaves_a_whole_authority(tmp_path):
    state = tmp_path / "state"
    sallyport("cert", "client", "alice", state=state)
    for number in range(15):
        part = random.choice(["intermediate", "root"])
        rotation = subprocess.Popen(
            [binary(), "ca", "rotate", part, "--yes", "--state", str(state)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.08))
        rotation.kill()
        rotation.wait()
        sallyport("cert", "client", f"client-{number}", state=state)
        verified = subprocess.run(
            ["openssl", "verify", "-purpose", "sslclient", "-CAfile", state / "ca/root.pem", "-untrusted",
             state / f"clients/client-{number}.pem", state / f"clients/client-{number}.pem", ], capture_output=True, text=True)
        assert verified.returncode == 0, verified
    assert {path.name for path in (state / "ca").iterdir()} <= {
        "root.pem", "root.key", "intermediate.pem", "intermediate.key", "former.json", "issued.jsonl", "lock"}


# Rotation under load


class Load:
    """Clients that ask without a pause: some on one connection, some on a new one each time. Any other answer than
    200 is a failure."""

    def __init__(self, ports):
        self.ports = ports
        self.version, self.material = 0, {}
        self.requests, self.connections, self.failures = 0, 0, []
        self.seen, self.lock, self.over = {}, threading.Lock(), False
        self.threads = []

    def take(self, **material):
        """New certificates for the clients; returns when every client uses them."""
        self.material = {**self.material, **material}
        self.version += 1
        if not self.threads:
            self.threads = [
                threading.Thread(target=self.client, args=(f"{kind} {who} {port}", kind, who, port), daemon=True)
                for port in self.ports for kind in ("kept", "new") for who in ("alice", "partner")]
            for thread in self.threads:
                thread.start()
        deadline = time.monotonic() + 60
        while any(self.seen.get(thread) != self.version for thread in self.names) and time.monotonic() < deadline:
            time.sleep(0.002)
        assert not self.failures, self.failures[:3]
        assert all(self.seen.get(thread) == self.version for thread in self.names), self.seen

    @property
    def names(self):
        return [f"{kind} {who} {port}" for port in self.ports for kind in ("kept", "new") for who in ("alice", "partner")]

    def client(self, name, kind, who, port):
        connection, context, used = None, None, None
        while not self.over:
            try:
                version, material = self.version, self.material
                if used != version:
                    context = context_for(material[who], authority=material["trust"][port])
                    connection = connection and connection.close()
                    used = version
                if connection is None:
                    connection = Client(port, context=context)
                    with self.lock:
                        self.connections += 1
                reply = connection.request()
                if reply.status != 200:
                    raise Closed(f"{reply.status} {reply.body}")
                if kind == "new":
                    connection = connection.close()
                with self.lock:
                    self.requests += 1
                    self.seen[name] = used
                time.sleep(0.002)
            except Exception as error:
                self.failures.append((name, used, repr(error)))
                return

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join(20)
        assert not self.failures, self.failures[:3]


class Rotating:
    """A gateway whose every certificate gets replaced: own and from files, and an authority of partners."""

    def __init__(self, run, folder, upstream):
        self.folder, self.own, self.files = folder, free_port(), free_port()
        state = folder / "state"
        sallyport("cert", "server", "localhost", state=state)
        sallyport("cert", "client", "alice", state=state)
        self.partners = Authority(folder, "Partners 0")
        self.bundle = bundle(folder, self.partners)
        self.gateway = run({
            "version": 1,
            "pki": {"authorities": {"partners": {"file": str(self.bundle)}}},
            "tlsProfiles": {"both": {"base": "intermediate", "clientCertificates": {
                "mode": "require", "trust": ["local", "partners"]}}},
            "identities": {"partner": {"commonName": "partner", "issuer": "partners"}},
            "listeners": {
                "own": {"address": f"127.0.0.1:{self.own}", "tls": {"profile": "both", "names": ["localhost"]}},
                "files": {"address": f"127.0.0.1:{self.files}", "tls": {
                    "profile": "both", "certificate": str(state / "servers/localhost.pem"),
                    "key": f"file:{state / 'servers/localhost.key'}"}}},
            "routes": [{"match": {"path": "/"}, "allow": ["alice", "partner"], "to": upstream.url}]})
        self.load, self.copies = Load([self.own, self.files]), 0
        self.partner = files(self.partners.issue("partner"))
        self.load.take(alice=self.alice(), partner=self.partner, trust=self.trust())

    def copy(self, path):
        self.copies += 1
        copied = self.folder / f"copy-{self.copies}"
        copied.touch(mode=0o600)
        copied.write_bytes(path.read_bytes())
        return str(copied)

    def alice(self):
        return self.copy(self.gateway.state / "clients/alice.pem"), self.copy(self.gateway.state / "clients/alice.key")

    def trust(self):
        root = self.copy(self.gateway.state / "ca/root.pem")
        return {self.own: root, self.files: root}

    def leaf(self):
        self.gateway.command("cert", "renew", "localhost", "--server")
        self.gateway.command("reload")

    def intermediate(self):
        self.gateway.command("ca", "rotate", "intermediate", "--yes")
        self.finish()

    def root(self):
        """The clients still have the former root only, and everything is from the new one."""
        self.gateway.command("ca", "rotate", "root", "--yes")
        self.leaf()
        self.load.take()
        self.finish()

    def finish(self):
        self.gateway.command("cert", "renew", "alice")
        self.load.take(alice=self.alice(), trust=self.trust())
        self.gateway.command("ca", "rotate", "--finish", "--yes")
        self.load.take(trust=self.trust())

    def partners_authority(self):
        former, self.partners = self.partners, Authority(self.folder, f"Partners {self.copies}")
        bundle(self.folder, former, self.partners)
        self.gateway.command("reload")
        self.load.take(partner=files(self.partners.issue("partner")))
        bundle(self.folder, self.partners)
        self.gateway.command("reload")


@pytest.mark.timeout(60 + 6 * ROTATIONS)
def test_rotations_under_load(run, serve, tmp_path):
    """`SALLYPORT_ROTATIONS` rotations in turn: server leaf, intermediate, root, trust. No request fails."""
    world = Rotating(run, tmp_path, serve())
    begun = time.monotonic()
    kinds = [world.leaf, world.intermediate, world.root, world.partners_authority]
    for number in range(ROTATIONS):
        kinds[number % len(kinds)]()
        assert not world.load.failures, (number, world.load.failures[:3])
    world.load.end()
    seconds = time.monotonic() - begun
    print(f"{ROTATIONS} rotations in {seconds:.0f} s, {world.load.requests} requests on {world.load.connections} "
          f"connections, {len(world.load.failures)} failed, generation {world.gateway.status()['generation']}, "
          f"{world.gateway.resident_bytes() >> 20} MiB")
    assert world.load.requests > ROTATIONS and world.load.connections > ROTATIONS
    assert world.gateway.status()["generation"] > ROTATIONS
