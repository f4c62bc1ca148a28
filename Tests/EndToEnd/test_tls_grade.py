"""`sallyport tls grade` beside sslyze: two scanners that share no code have to see the same in each server."""

import json
import socket
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certificates import DAY, SERVER, now
from gateway import ROOT, free_port, sallyport

HERE = Path(__file__).resolve().parent
SCANNER = ROOT / ".venv" / "scan" / "bin" / "python"
# sslyze counts these to Mozilla's tables, which do not speak of them; `tls grade` holds them against RFC 9325.
NOT_MOZILLA = {"tls_vulnerability_fallback_scsv", "tls_vulnerability_renegotiation", "tls_vulnerability_extended_master_secret"}
# What sslyze can ask for; it knows neither finite-field groups nor ML-KEM.
CURVES = {"X25519": "X25519", "X448": "X448", "P-256": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1"}

INTERMEDIATE = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
MOZILLA_CURVES = "X25519:prime256v1:secp384r1"

# name: (protocols, ciphers, curves, certificate)
# Two scans of a server take a while on a machine that does other things.
pytestmark = pytest.mark.timeout(240)

NGINX = {
    "modern": ("TLSv1.3", None, MOZILLA_CURVES, "p256"),
    "modern-on-p384": ("TLSv1.3", None, MOZILLA_CURVES, "p384"),
    "modern-with-rsa": ("TLSv1.3", None, MOZILLA_CURVES, "rsa"),
    "modern-for-a-year": ("TLSv1.3", None, MOZILLA_CURVES, "year"),
    "intermediate": ("TLSv1.2 TLSv1.3", INTERMEDIATE, MOZILLA_CURVES, "p256"),
    "intermediate-with-rsa": ("TLSv1.2 TLSv1.3", INTERMEDIATE, MOZILLA_CURVES, "rsa"),
    "intermediate-for-two-years": ("TLSv1.2 TLSv1.3", INTERMEDIATE, MOZILLA_CURVES, "two-years"),
    "intermediate-on-p521": ("TLSv1.2 TLSv1.3", INTERMEDIATE, MOZILLA_CURVES, "p521"),
    "p521-as-a-group": ("TLSv1.2 TLSv1.3", INTERMEDIATE, "secp521r1", "p256"),
    "only-1.2": ("TLSv1.2", INTERMEDIATE, MOZILLA_CURVES, "p256"),
    "defaults": ("TLSv1.2 TLSv1.3", "HIGH:!aNULL:!MD5:@SECLEVEL=1", "auto", "rsa"),
    "cbc": ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA", MOZILLA_CURVES, "p256"),
    "rsa-key-transport": ("TLSv1.2", "AES128-GCM-SHA256:AES256-SHA", MOZILLA_CURVES, "rsa"),
    "finite-field": ("TLSv1.2", "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA", MOZILLA_CURVES, "rsa"),
    "null": ("TLSv1.2", "NULL-SHA256:ECDHE-RSA-NULL-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0", MOZILLA_CURVES, "rsa"),
    "old": ("TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", "ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0", MOZILLA_CURVES, "rsa"),
    "only-1.0": ("TLSv1", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0", MOZILLA_CURVES, "rsa"),
}
OURS = {
    "our-modern": ("modern", "none"),
    "our-intermediate": ("intermediate", "none"),
    "our-intermediate-mutual": ("intermediate", "require"),
}


@pytest.fixture(scope="module")
def certificates(authority):
    def issue(label, key=None, days=30):
        return authority.issue(label, usage=SERVER, names=["localhost"], key=key, end=now() + days * DAY, digest=hashes.SHA256())

    return {
        "p256": issue("p256"), "p384": issue("p384", ec.generate_private_key(ec.SECP384R1())),
        "p521": issue("p521", ec.generate_private_key(ec.SECP521R1())),
        "rsa": issue("rsa", rsa.generate_private_key(65537, 2048)), "year": issue("year", days=365),
        "two-years": issue("two-years", days=700)}


@pytest.fixture(scope="module")
def nginx(tmp_path_factory, certificates):
    """One nginx with a server for each fixture; its port by name."""
    folder = tmp_path_factory.mktemp("nginx")
    ports = {name: free_port() for name in NGINX}
    servers = "\n".join(server_block(ports[name], certificates[NGINX[name][3]], *NGINX[name][:3]) for name in NGINX)
    (folder / "dh.pem").write_text(subprocess.run(
        ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"],
        check=True, capture_output=True, text=True).stdout)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{ access_log off; ssl_dhparam {folder}/dh.pem; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;"
        f" fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;\n{servers}\n}}\n")
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", "nginx.conf"], stderr=subprocess.PIPE, text=True)
    for port in ports.values():
        wait_for_port(port, process)
    yield ports
    process.terminate()
    process.wait(10)


def wait_for_port(port, process):
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise AssertionError(process.stderr.read())


def server_block(port, credential, protocols, ciphers, curves):
    lines = [
        f"listen 127.0.0.1:{port} ssl", f"ssl_certificate {credential.certificate_file}",
        f"ssl_certificate_key {credential.key_file}", f"ssl_protocols {protocols}", f"ssl_ecdh_curve {curves}"]
    if ciphers:
        lines.append(f"ssl_ciphers {ciphers}")
    return "server { " + " ".join(line + ";" for line in lines) + " return 200; }"


def grade(port, *options):
    done = sallyport("tls", "grade", f"127.0.0.1:{port}", "--servername", "localhost", "--json", *options, check=False)
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert answer["passes"] == (done.returncode == 0)
    return answer["reports"][0]


def sslyze(port, authority, client):
    assert SCANNER.exists(), "sslyze is not installed: run dev/python"
    done = subprocess.run(
        [str(SCANNER), str(HERE / "scanner.py"), str(port), "localhost", str(HERE / "mozilla-6.0.json"), str(authority.file),
         *(client or ())],
        capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def compare(port, authority, client=None):
    ours, theirs = grade(port), sslyze(port, authority, client)
    posture = ours["posture"]
    assert sorted(posture["versions"]) == sorted(theirs["versions"])
    assert sorted(posture["suites13"]) == theirs["suites"]["TLS 1.3"]
    older = [version for version in posture["versions"] if version != "TLS 1.3"]
    if older:
        assert sorted(posture["suites12"]) == theirs["suites"][older[0]]
    known = {CURVES[group] for group in posture["groups"] if group in CURVES}
    # Before TLS 1.3 sslyze does not see the groups beside that of an ECDSA certificate.
    assert known == set(theirs["curves"]) if "TLS 1.3" in posture["versions"] else known >= set(theirs["curves"])
    assert posture["compression"] == theirs["compression"]
    results = {one["name"]: one for one in ours["guidelines"]}
    for name in ("modern", "intermediate"):
        issues = {key: text for key, text in theirs["mozilla"][name].items() if key not in NOT_MOZILLA}
        assert (results[f"mozilla-{name}"]["result"] == "pass") == (not issues), (issues, results[f"mozilla-{name}"])
    return ours, theirs


@pytest.mark.parametrize("name", NGINX)
def test_both_scanners_see_the_same_in_nginx(nginx, authority, name):
    ours, _ = compare(nginx[name], authority)
    assert not ours["posture"]["gaps"]


@pytest.mark.parametrize("name", OURS)
def test_both_scanners_find_our_profiles_compliant(edge, authority, certificates, alice, name):
    base, mode = OURS[name]
    port = our_gateway(edge, certificates, base, mode).port
    ours, theirs = compare(port, authority, alice if mode == "require" else None)
    guideline = f"mozilla-{base}"
    assert not {key for key in theirs["mozilla"][base] if key not in NOT_MOZILLA}
    assert next(one for one in ours["guidelines"] if one["name"] == guideline)["result"] == "pass"
    assert "X25519MLKEM768" in ours["posture"]["groups"]
    assert ours["posture"]["clientCertificateAsked"] == (mode == "require" and base == "intermediate")


def our_gateway(edge, certificates, base, mode, key="p256"):
    clients = {"mode": mode, "because": "a test"} if mode == "none" else {"mode": mode, "trust": ["test"]}
    certificate = certificates[key]
    return edge(
        None, tlsProfiles={"edge": {"base": base, "clientCertificates": clients}},
        listeners__main__tls__certificate=str(certificate.certificate_file),
        listeners__main__tls__key=f"file:{certificate.key_file}")


@pytest.mark.parametrize("base", ["modern", "intermediate", "post-quantum", "cnsa"])
def test_what_is_said_of_a_profile_is_what_the_gateway_does(edge, certificates, base):
    """The grade of a configuration that does not run is not wishful."""
    key, shown = ("p384", "ECDSA on P-384") if base == "cnsa" else ("p256", "ECDSA on P-256")
    one = our_gateway(edge, certificates, base, "none", key)
    file = one.gateway.file
    running = json.loads(one.gateway.command("tls", "grade", "-c", file, "--json", check=False).stdout)
    one.gateway.stop()
    static = json.loads(one.gateway.command("tls", "grade", "-c", file, "--json", check=False).stdout)
    seen, said = running["reports"][0]["posture"], static["reports"][0]["posture"]
    for key in ("versions", "suites13", "suites12", "groups"):
        assert sorted(seen[key]) == sorted(said[key]), key
    assert "running" in running["reports"][0]["subject"] and "running" not in static["reports"][0]["subject"]
    assert [one["key"] for one in said["certificates"]] == [one["key"] for one in seen["certificates"]] == [shown]


def test_each_policy_of_a_listener_is_graded(edge, authority, certificates):
    """Rules of a host are as much of the edge as those of the listener."""
    one = our_gateway(edge, certificates, "modern", "none")
    rsa, star = certificates["rsa"], authority.issue("star", usage=SERVER, names=["*.example.org"])
    one.change("tlsProfiles__old", {"base": "intermediate", "clientCertificates": {"mode": "none", "because": "a test"}})
    one.change("listeners__main__tls__hosts", {
        "localhost": {"profile": "old", "certificate": str(rsa.certificate_file), "key": f"file:{rsa.key_file}"},
        "*.example.org": {"certificate": str(star.certificate_file), "key": f"file:{star.key_file}"}})
    one.change("admin", {"address": f"127.0.0.1:{free_port()}", "admins": ["alice"]})
    one.gateway.write(one.configuration)
    one.gateway.command("reload")
    file = one.gateway.file
    running = json.loads(one.gateway.command("tls", "grade", "-c", file, "--json", check=False).stdout)["reports"]
    one.gateway.stop()
    static = json.loads(one.gateway.command("tls", "grade", "-c", file, "--json", check=False).stdout)["reports"]
    for reports, suffix in ((running, ", running"), (static, "")):
        assert [report["subject"] for report in reports] == [
            f"listener main (profile edge{suffix})", f"listener main, host localhost (profile old{suffix})",
            f"listener main, host *.example.org (profile edge{suffix})", f"admin listener (profile modern{suffix})"]
        assert [sorted(report["posture"]["versions"]) for report in reports] == [
            ["TLS 1.3"], ["TLS 1.2", "TLS 1.3"], ["TLS 1.3"], ["TLS 1.3"]]
        assert [report["posture"]["certificates"][0]["key"][:3] for report in reports[:3]] == ["ECD", "RSA", "ECD"]
    assert running[3]["posture"]["certificates"] and not static[3]["posture"]["certificates"]


def test_what_cannot_be_graded_says_why():
    done = sallyport("tls", "grade", f"127.0.0.1:{free_port()}", check=False)
    assert done.returncode == 1 and "Connection refused" in done.stderr
    assert sallyport("tls", "grade", "localhost:0", check=False).returncode == 64
    assert sallyport("tls", "grade", "localhost:443", "--guideline", "mozilla-old", check=False).returncode == 64


def test_a_server_that_speaks_something_else_is_told_apart(serve):
    server = serve(lambda connection: connection.send(b"220 mail ESMTP\r\n"))
    done = sallyport("tls", "grade", f"127.0.0.1:{server.port}", check=False)
    assert done.returncode == 1 and "does not speak TLS" in done.stderr, done.stderr
