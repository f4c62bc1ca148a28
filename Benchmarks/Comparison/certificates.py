"""One authority, one server certificate and one client certificate (ECDSA P-256) that all peers use."""

import datetime
import subprocess

# Certificates on the long list.
LISTED = 100_000


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def issue(folder, name, subject, extensions):
    (folder / f"{name}.ext").write_text("\n".join(extensions) + "\n")
    openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-sha256", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def make(folder):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-sha256", "-subj", "/CN=Benchmark CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", "ca.key", "-out", "ca.pem")
    issue(folder, "server", "/CN=localhost",
          ["subjectAltName=DNS:localhost,IP:127.0.0.1", "extendedKeyUsage=serverAuth",
           "keyUsage=critical,digitalSignature", "basicConstraints=critical,CA:FALSE"])
    issue(folder, "client", "/CN=alice",
          ["subjectAltName=URI:spiffe://bench/client/alice", "extendedKeyUsage=clientAuth",
           "keyUsage=critical,digitalSignature", "basicConstraints=critical,CA:FALSE"])
    (folder / "server-both.pem").write_text((folder / "server.pem").read_text() + (folder / "server.key").read_text())


def revocation_lists(folder):
    """`empty.crl` and `long.crl` of the authority; on the long one are certificates that nobody has."""
    now = datetime.datetime.now(datetime.timezone.utc)
    revoked, ends = [(now + datetime.timedelta(days=days)).strftime("%y%m%d%H%M%SZ") for days in (-1, 2)]
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca = bench\n[bench]\ndatabase = index.txt\ncrlnumber = number.txt\ncrl_extensions = crl\n"
        "default_md = sha256\ndefault_crl_days = 2\n[crl]\nauthorityKeyIdentifier = keyid\n")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    for name, count in (("empty", 0), ("long", LISTED)):
        (folder / "number.txt").write_text("01\n")
        (folder / "index.txt").write_text("".join(
            f"R\t{ends}\t{revoked}\t{(1 << 126) + number:032X}\tunknown\t/CN={number}\n" for number in range(count)))
        openssl(folder, "ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem",
                "-out", f"{name}.crl")
