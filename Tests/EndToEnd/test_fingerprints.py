"""JA3 and JA4 of real clients: in the access log, in status, and as a reason to refuse."""

import json
import subprocess
from pathlib import Path

import pytest

from gateway import ROOT

SCAN = ROOT / ".venv" / "scan" / "bin" / "python"
BROWSERS = ["chrome99", "chrome124", "chrome150", "edge101", "firefox133", "firefox147", "safari153", "safari2601", "tor145"]


def browse(port, *browsers, oracle=False):
    assert SCAN.exists(), "curl_cffi is not installed: run dev/python"
    done = subprocess.run(
        [str(SCAN), str(Path(__file__).parent / "browser.py"), str(port), "oracle" if oracle else "plain", *browsers],
        capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def logged(one, browser):
    return one.gateway.access_line(lambda line: line["url.path"] == f"/{browser}")


def open_profile(**more):
    return {"edge": {"base": "intermediate", "clientCertificates": {"mode": "none", "because": "a test"}, **more}}


PUBLIC = [{"name": "all", "match": {"path": "/"}, "allow": "anyone", "because": "a test", "to": "http://127.0.0.1:9"}]


@pytest.mark.timeout(240)
def test_browsers_have_the_fingerprints_that_another_program_computes(edge):
    one = edge(None, tlsProfiles=open_profile(), routes=PUBLIC)
    seen = browse(one.port, *BROWSERS, oracle=True)
    ours = [logged(one, browser) for browser in BROWSERS]
    assert [(line["tls.client.ja4"], line["tls.client.ja3"]) for line in ours] == [(one["ja4"], one["ja3"]) for one in seen]


def test_status_counts_what_clients_offer_and_what_was_agreed(edge):
    one = edge(None, tlsProfiles=open_profile(), routes=PUBLIC)
    assert one.gateway.status()["observedClients"] == []
    browse(one.port, "chrome99", "chrome150", "chrome150")
    old, new = (logged(one, browser)["tls.client.ja4"] for browser in ("chrome99", "chrome150"))
    [clients] = one.gateway.status()["observedClients"]
    assert clients["listener"] == "main" and clients["hellos"] == 3 and clients["handshakes"] == 3
    assert clients["offered"]["postQuantumKeyShare"] == 2
    assert clients["agreed"]["groups"] == {"X25519": 1, "X25519MLKEM768": 2}
    assert clients["unservedBy"] == {"intermediate": 0, "modern": 0, "post-quantum": 1, "cnsa": 3}
    assert [(one["ja4"], one["count"]) for one in clients["fingerprints"]] == [(new, 2), (old, 1)]
    graded = one.gateway.command("tls", "grade", "-c", one.gateway.file, check=False).stdout
    assert "base: post-quantum would not serve 1 " in graded and old in graded, graded


def test_a_denied_fingerprint_is_refused_in_the_client_hello(edge):
    one = edge(None, tlsProfiles=open_profile(), routes=PUBLIC)
    assert browse(one.port, "chrome99") == [{"outcome": 502}]
    chrome = logged(one, "chrome99")
    for kind in ("ja4", "ja3"):
        one.change("tlsProfiles", open_profile(deny={kind: [chrome[f"tls.client.{kind}"]]}))
        one.gateway.write(one.configuration)
        one.gateway.command("reload")
        mark = one.gateway.mark()
        refused, served = browse(one.port, "chrome99", "firefox133")
        assert "alert" in str(refused["outcome"]).lower() and served == {"outcome": 502}, refused
        assert chrome["tls.client.ja4"] in one.gateway.logged("SP2920", since=mark)


@pytest.mark.parametrize("text", ["t13d1516h2", "T13D1516H2_8DAAF6152771_E5627EFA2AB1", "q13d1516h2_8daaf6152771_e5627efa2ab1", ""])
def test_what_is_no_fingerprint_is_an_error(edge, text):
    one = edge(None, tlsProfiles=open_profile(), routes=PUBLIC)
    one.change("tlsProfiles", open_profile(deny={"ja4": [text]}))
    one.gateway.write(one.configuration)
    assert one.gateway.command("check", "-c", one.gateway.file, check=False).returncode == 78
