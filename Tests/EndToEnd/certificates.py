"""Certificates of every kind, good and bad, made with `cryptography` and so independent of the gateway."""

import dataclasses
import datetime
import ipaddress
import itertools
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def name(common_name, **attributes):
    kinds = {"organization": NameOID.ORGANIZATION_NAME, "unit": NameOID.ORGANIZATIONAL_UNIT_NAME}
    parts = [x509.NameAttribute(kinds[kind], value) for kind, value in attributes.items()]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(*, leaf):
    return x509.KeyUsage(
        digital_signature=leaf, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=not leaf, crl_sign=not leaf, encipher_only=False, decipher_only=False)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@dataclasses.dataclass
class Credential:
    """A chain (leaf first) with the key of its leaf, in memory and as files."""

    chain: list
    key: object
    folder: Path
    label: str

    @property
    def leaf(self):
        return self.chain[0]

    @property
    def serial(self):
        text = f"{self.leaf.serial_number:X}"
        return text if len(text) % 2 == 0 else "0" + text

    @property
    def certificate_file(self):
        path = self.folder / f"{self.label}.pem"
        path.write_bytes(b"".join(pem(one) for one in self.chain))
        return path

    @property
    def key_file(self):
        path = self.folder / f"{self.label}.key"
        path.touch(mode=0o600)
        path.write_bytes(key_pem(self.key))
        return path


class Authority:
    """A certificate authority that does what it is told, also when that is wrong."""

    _numbers = itertools.count()

    def __init__(self, folder, common_name="Test Root", issuer=None, path_length=None, life=30 * DAY):
        self.folder = Path(folder)
        self.key = p256()
        self.issuer = issuer
        subject = name(common_name)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - HOUR)
            .not_valid_after(now() + life)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(key_usage(leaf=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer or self).key.public_key()), critical=False)
            .sign((issuer or self).key, hashes.SHA256()))

    @property
    def path(self):
        """The chain of authorities from this one up, the root left out."""
        return [] if self.issuer is None else [self.certificate, *self.issuer.path]

    @property
    def file(self):
        path = self.folder / f"authority-{self.certificate.serial_number:x}.pem"
        path.write_bytes(pem(self.certificate))
        return path

    def issue(self, common_name, *, usage=CLIENT, names=(), uris=(), start=None, end=None, key=None, subject=None,
              digest=None, extensions=(), authority_leaf=False):
        key = key or p256()
        alternatives = [x509.UniformResourceIdentifier(uri) for uri in uris]
        for one in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(one)))
            except ValueError:
                alternatives.append(x509.DNSName(one))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject or name(common_name))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or now() - HOUR)
            .not_valid_after(end or now() + DAY)
            .add_extension(x509.BasicConstraints(ca=authority_leaf, path_length=None), critical=True)
            .add_extension(key_usage(leaf=True), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False))
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        leaf = builder.sign(self.key, digest or hashes.SHA256())
        return Credential([leaf, *self.path], key, self.folder, f"{common_name}-{next(self._numbers)}")


def self_signed(folder, common_name):
    """A client certificate that vouches for itself."""
    key = p256()
    leaf = (
        x509.CertificateBuilder()
        .subject_name(name(common_name)).issuer_name(name(common_name))
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now() - HOUR).not_valid_after(now() + DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(leaf=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([CLIENT]), critical=False)
        .sign(key, hashes.SHA256()))
    return Credential([leaf], key, Path(folder), f"self-signed-{common_name}")


def deep_chain(root, depth):
    """An authority `depth` intermediates below `root`."""
    authority = root
    for level in range(depth):
        authority = Authority(root.folder, f"Level {level}", issuer=authority)
    return authority


def small_rsa():
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)
