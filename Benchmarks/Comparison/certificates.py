"""One authority, one server certificate and one client certificate (ECDSA P-256) that all peers use."""

import subprocess


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
