"""A session that is resumed brings no rights along: who the client is, is asked again."""

import re
import subprocess

import pytest

from certificates import SERVER
from conftest import files

REQUEST = "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"


def s_client(port, credential, *options, name="localhost"):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name, "-ign_eof",
         "-cert", credential[0], "-key", credential[1], *map(str, options)],
        input=REQUEST.format(host=name), capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


def was_resumed(text):
    kinds = re.findall(r"(?m)^(New|Reused), TLSv", text)
    assert kinds, text
    return kinds[0] == "Reused"


def status(text):
    found = re.search(r"HTTP/1\.1 (\d+)", text)
    return int(found[1]) if found else None


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_a_session_resumes_under_its_own_name_only(edge, serve, alice, tmp_path, version):
    one = edge(serve())
    session = tmp_path / "session"
    first = s_client(one.port, alice, version, "-sess_out", session)
    assert status(first) == 200 and not was_resumed(first), first
    again = s_client(one.port, alice, version, "-sess_in", session)
    assert status(again) == 200 and was_resumed(again), again
    elsewhere = s_client(one.port, alice, version, "-sess_in", session, name="api.test")
    assert status(elsewhere) == 200 and not was_resumed(elsewhere), elsewhere


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_resumption_none(edge, serve, alice, tmp_path, version):
    one = edge(serve(), tlsProfiles__edge__clientCertificates__resumption="none")
    session = tmp_path / "session"
    first = s_client(one.port, alice, version, "-sess_out", session)
    assert status(first) == 200, first
    again = s_client(one.port, alice, version, "-sess_in", session) if session.exists() else first
    assert status(again) == 200 and not was_resumed(again), again


def test_a_ticket_of_another_gateway_means_nothing(edge, serve, alice, tmp_path):
    upstream = serve()
    one, other = edge(upstream), edge(upstream)
    session = tmp_path / "session"
    assert status(s_client(one.port, alice, "-sess_out", session)) == 200
    text = s_client(other.port, alice, "-sess_in", session)
    assert status(text) == 200 and not was_resumed(text), text


def test_a_reload_ends_all_sessions(edge, serve, alice, tmp_path):
    one = edge(serve())
    session = tmp_path / "session"
    assert status(s_client(one.port, alice, "-sess_out", session)) == 200
    one.gateway.command("reload")
    text = s_client(one.port, alice, "-sess_in", session)
    assert status(text) == 200 and not was_resumed(text), text


def test_the_log_says_what_was_agreed_on(edge, serve, alice, tmp_path):
    one = edge(serve())
    session = tmp_path / "session"
    s_client(one.port, alice, "-groups", "X25519", "-sess_out", session)
    first = one.gateway.access_line(lambda line: line.get("tls.resumed") is False)
    assert first["tls.group"] == "X25519" and first["tls.cipher"].startswith("TLS_"), first
    s_client(one.port, alice, "-groups", "X25519", "-sess_in", session)
    assert one.gateway.access_line(lambda line: line.get("tls.resumed") is True)["sallyport.identity"] == "alice"


def test_the_certificate_that_a_client_can_verify_is_shown(edge, serve, authority, alice, server_certificate, tmp_path):
    """An ECDSA and an RSA certificate for one name, and one for another name."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    rsa_one = authority.issue("localhost-rsa", usage=SERVER, names=["localhost"], key=rsa.generate_private_key(65537, 2048))
    other = authority.issue("other", usage=SERVER, names=["other.test"])
    more = [{"certificate": str(one.certificate_file), "key": f"file:{one.key_file}"} for one in (rsa_one, other)]
    one = edge(serve(), listeners__main__tls__certificates=more)
    text = s_client(one.port, alice)
    assert status(text) == 200 and "Peer signature type: ECDSA" in text, text
    text = s_client(one.port, alice, "-sigalgs", "RSA-PSS+SHA256", "-cert", alice[0])
    assert "Peer signature type: RSA-PSS" in text, text
    text = s_client(one.port, alice, name="other.test")
    assert "subject=CN = other" in text, text
