"""Commands that need no running gateway: check, explain, schema, route test, and what a bad file prints."""

import json
import re

import pytest

from gateway import ROOT, sallyport

BAD_MODE = """\
# yaml-language-server: $schema=./sallyport.schema.json
version: 1

admin:
  address: 127.0.0.1:9443
  login: [clientCertificate]
  admins: [ops]
pki:
  authorities:
    clients:  { file: clients-ca.pem }
    local:    { builtin: true, leafLifetime: 24h }
tlsProfiles:
  strict:
    base: modern
    clientCertificates: { mode: requird, trust: [clients], maxDepth: 3 }
identities:
  ops: { organizationalUnit: Operations, issuer: clients }
listeners:
  api: { address: ":8443", tls: { profile: strict, names: [localhost] } }
routes:
  - match: { path: / }
    allow: [ops]
    to: http://127.0.0.1:9000
"""

SMALLEST = """\
version: 1
listeners:
  main:
    address: ":8443"
    tls: { names: [localhost] }
routes:
  - match: { path: / }
    allow: [alice]
    to: http://127.0.0.1:9000
"""


@pytest.fixture
def folder(tmp_path, authority):
    (tmp_path / "clients-ca.pem").write_bytes(authority.file.read_bytes())
    return tmp_path


def check(folder, text, *options, exit_status=None):
    (folder / "sallyport.yaml").write_text(text)
    done = sallyport("check", "-c", "sallyport.yaml", *options, cwd=folder, check=False)
    if exit_status is not None:
        assert done.returncode == exit_status, done
    return done


def test_the_smallest_file_is_good(folder):
    check(folder, SMALLEST, exit_status=0)


def test_what_a_bad_file_prints(folder):
    """The shape of the product page: code, place, line, caret under the word, suggestion, path."""
    done = check(folder, BAD_MODE, exit_status=78)
    assert done.stdout + done.stderr == """\
error[SP1203]: unknown client-certificate mode "requird"
  --> sallyport.yaml:15:33
   |
15 |     clientCertificates: { mode: requird, trust: [clients], maxDepth: 3 }
   |                                 ^^^^^^^ one of: require, optional, none
   = help: did you mean "require"?
   = path: tlsProfiles.strict.clientCertificates.mode        more: sallyport explain SP1203
1 error, 0 warnings.
"""


def test_all_errors_at_once(folder):
    text = BAD_MODE.replace("address", "adress").replace("path: /", "path: 7")
    done = check(folder, text, exit_status=78)
    assert len(re.findall(r"(?m)^error\[SP1\d{3}\]", done.stdout + done.stderr)) >= 3


@pytest.mark.parametrize("reference, code", [("env:SALLYPORT_TEST_UNSET", "SP1410"), ("literal-password", "SP14")])
def test_secrets(folder, reference, code):
    text = SMALLEST.replace("{ names: [localhost] }", f"{{ certificate: clients-ca.pem, key: {reference} }}")
    done = check(folder, text, exit_status=78)
    assert f"error[{code}" in done.stdout + done.stderr
    if not reference.startswith("env:"):
        assert reference not in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_forms_for_machines(folder, form):
    done = check(folder, BAD_MODE, "--format", form, exit_status=78)
    if form == "github":
        assert re.search(r"(?m)^::error file=\S*sallyport.yaml,line=15,", done.stdout), done.stdout
        return
    found = json.loads(done.stdout)
    assert "SP1203" in json.dumps(found)
    if form == "sarif":
        assert found["version"] == "2.1.0"
        region = found["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (15, 33)


def test_standard_input():
    done = sallyport("check", "-c", "-", stdin=SMALLEST, check=False)
    assert done.returncode == 0, done


def test_policies(folder):
    done = check(folder, SMALLEST, "--policies", exit_status=0)
    assert "alice" in done.stdout and "require" in done.stdout


def test_a_weakening_needs_a_reason(folder):
    text = SMALLEST.replace("allow: [alice]", "allow: anyone")
    assert "because" in check(folder, text, exit_status=78).stderr + check(folder, text).stdout
    done = check(folder, text.replace("to: http", 'because: "it is public"\n    to: http'), exit_status=0)
    assert "it is public" in done.stdout + done.stderr


def test_explain_a_code():
    text = sallyport("explain", "SP2001").stdout
    assert "sallyport cert client" in text
    assert sallyport("explain", "sp2001").stdout == text
    assert sallyport("explain", "SP0000", check=False).returncode != 0


def test_explain_a_key():
    text = sallyport("explain", "tlsProfiles.strict.clientCertificates.mode").stdout
    assert "require" in text and "optional" in text and "none" in text


def test_every_code_of_the_reference_is_explained():
    codes = set(re.findall(r"SP\d{4}", (ROOT / "docs/reference/reasons.md").read_text()))
    assert len(codes) > 50
    for code in sorted(codes)[::7]:
        assert code in sallyport("explain", code).stdout


def test_schema():
    schema = json.loads(sallyport("schema").stdout)
    assert "2020-12" in schema["$schema"]
    assert {"version", "listeners", "routes"} <= set(schema["properties"])


def test_route_test(folder):
    (folder / "sallyport.yaml").write_text(SMALLEST)

    def trial(*arguments):
        return sallyport("route", "test", *arguments, "-c", folder / "sallyport.yaml", state=folder / "state", check=False)
    allowed = trial("GET", "https://localhost:8443/x", "--as", "alice")
    refused = trial("GET", "https://localhost:8443/x", "--as", "bob")
    assert "127.0.0.1:9000" in allowed.stdout and "SP3001" not in allowed.stdout, allowed
    assert "SP3001" in refused.stdout, refused


def test_an_unknown_verb_is_answered_with_the_nearest():
    done = sallyport("chekc", check=False)
    assert done.returncode == 64 and "check" in done.stderr


def test_nothing_is_offered_that_does_not_work():
    text = sallyport("--help").stdout
    for verb in ("mcp", "user"):
        assert not re.search(rf"(?m)^  {verb}\b", text), text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    assert "sallyport" in sallyport("completion", shell).stdout
