"""Certificates octet by octet, so that every rule of their encoding can be broken."""

import base64
import copy
import dataclasses
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

TIME = "2026-06-01T00:00:00Z"
HOST = "host.example.test"


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts):
    return tlv(0x30, *parts)


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(text):
    first, second, *rest = map(int, text.split("."))
    octets = bytearray([40 * first + second])
    for arc in rest:
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.insert(0, 0x80 | arc & 0x7F)
        octets += bytes(group)
    return tlv(6, bytes(octets))


def name(*common_names, tag=0x0C):
    return sequence(*(tlv(0x31, sequence(oid("2.5.4.3"), tlv(tag, one.encode()))) for one in common_names))


def bits(*positions):
    """A named bit list (X.690 section 11.2.2)."""
    if not positions:
        return tlv(3, b"\0")
    octets = bytearray(max(positions) // 8 + 1)
    for position in positions:
        octets[position // 8] |= 0x80 >> position % 8
    return tlv(3, bytes([7 - max(positions) % 8]), bytes(octets))


NULL = b"\5\0"
MGF1, PKCS1 = "1.2.840.113549.1.1.8", "1.2.840.113549.1.1."
SHA = {"1": hashes.SHA1(), "256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
SHA_NAMES = {"1": "1.3.14.3.2.26", "256": "2.16.840.1.101.3.4.2.1", "384": "2.16.840.1.101.3.4.2.2",
             "512": "2.16.840.1.101.3.4.2.3"}


def pss_identifier(sha, mask_sha, salt):
    return sequence(oid(PKCS1 + "10"), sequence(
        tlv(0xA0, sequence(oid(SHA_NAMES[sha]), NULL)),
        tlv(0xA1, sequence(oid(MGF1), sequence(oid(SHA_NAMES[mask_sha]), NULL))), tlv(0xA2, integer(salt))))


IDENTIFIERS = {
    "ecdsa256": sequence(oid("1.2.840.10045.4.3.2")), "ecdsa384": sequence(oid("1.2.840.10045.4.3.3")),
    "ecdsa512": sequence(oid("1.2.840.10045.4.3.4")), "ecdsa1": sequence(oid("1.2.840.10045.4.1")),
    "ecdsa256-null": sequence(oid("1.2.840.10045.4.3.2"), NULL), "ed25519": sequence(oid("1.3.101.112")),
    "rsa256": sequence(oid(PKCS1 + "11"), NULL), "rsa512": sequence(oid(PKCS1 + "13"), NULL),
    "rsa1": sequence(oid(PKCS1 + "5"), NULL), "rsa256-bare": sequence(oid(PKCS1 + "11")),
    "pss256": pss_identifier("256", "256", 32), "pss384": pss_identifier("384", "384", 48),
    "pss512": pss_identifier("512", "512", 64), "pss256-salt20": pss_identifier("256", "256", 20),
    "pss256-mask1": pss_identifier("256", "1", 32), "pss1": pss_identifier("1", "1", 20),
}


def signature(key, algorithm, content):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    kind, _, variant = algorithm.partition("-")
    sha = SHA[kind.lstrip("ecdsarp") or "256"]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(content, ec.ECDSA(sha))
    if not kind.startswith("pss"):
        return key.sign(content, padding.PKCS1v15(), sha)
    salt = 20 if variant == "salt20" else sha.digest_size
    return key.sign(content, padding.PSS(padding.MGF1(SHA["1"] if variant == "mask1" else sha), salt), sha)


def public_key(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def identifier(key):
    return hashlib.sha1(public_key(key)).digest()


def key_of(number, curve=None):
    return ec.derive_private_key(1000 + number, curve or ec.SECP256R1())


def extension(number, value, critical=False):
    return number, critical, value


BASIC, USAGE, EXTENDED, SAN, NC, SKI, AKI = (
    "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17", "2.5.29.30", "2.5.29.14", "2.5.29.35")
CLIENT, SERVER, ANY = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"
CODE_SIGNING = "1.3.6.1.5.5.7.3.3"


def usages(*numbers):
    return sequence(*map(oid, numbers))


@dataclasses.dataclass
class Draft:
    """A certificate before it is signed. Every field is written as it stands."""

    key: object
    subject: bytes
    version: bytes = tlv(0xA0, integer(2))
    serial: bytes = integer(0x4711471147114711)
    not_before: bytes = tlv(0x17, b"260101000000Z")
    not_after: bytes = tlv(0x17, b"270101000000Z")
    issuer: bytes = None
    extensions: dict = dataclasses.field(default_factory=dict)
    extra: list = dataclasses.field(default_factory=list)
    algorithm: str = None
    inner_algorithm: str = None
    signer: object = None
    public_key: bytes = None
    damage: object = None

    def encode(self, issuer):
        signer = self.signer or issuer.key
        algorithm = self.algorithm or {
            rsa.RSAPrivateKey: "rsa256", ed25519.Ed25519PrivateKey: "ed25519"}.get(_kind(signer), "ecdsa256")
        listed = [item for item in self.extensions.values() if item] + self.extra
        body = sequence(
            self.version, self.serial, IDENTIFIERS[self.inner_algorithm or algorithm], self.issuer or issuer.subject,
            sequence(self.not_before, self.not_after), self.subject, self.public_key or public_key(self.key),
            tlv(0xA3, sequence(*(encoded_extension(*item) for item in listed))) if listed else b"")
        value = signature(signer, algorithm, body)
        der = sequence(body, IDENTIFIERS[algorithm], tlv(3, b"\0", value))
        return self.damage(der) if self.damage else der


def _kind(key):
    return next((kind for kind in (rsa.RSAPrivateKey, ed25519.Ed25519PrivateKey) if isinstance(key, kind)), None)


def encoded_extension(number, critical, value):
    flag = critical if isinstance(critical, bytes) else tlv(1, b"\xff") if critical else b""
    return sequence(oid(number), flag, tlv(4, value))


def authority(number, label, issuer_key=None):
    key = key_of(number)
    return Draft(key=key, subject=name(label), extensions={
        BASIC: extension(BASIC, sequence(tlv(1, b"\xff")), True), USAGE: extension(USAGE, bits(5, 6), True),
        SKI: extension(SKI, tlv(4, identifier(key))),
        AKI: issuer_key and extension(AKI, sequence(tlv(0x80, identifier(issuer_key))))})


class Chain:
    """A good chain: root, one or two intermediates, leaf. Mutations change it before it is signed."""

    def __init__(self, purpose="CLIENT", intermediates=1):
        self.purpose = purpose
        self.root = authority(0, "Root")
        self.intermediates = []
        above = self.root
        for index in range(intermediates):
            above = authority(index + 1, f"Intermediate {index + 1}", above.key)
            self.intermediates.append(above)
        key = key_of(9)
        usage = CLIENT if purpose == "CLIENT" else SERVER
        self.leaf = Draft(key=key, subject=name(HOST), extensions={
            USAGE: extension(USAGE, bits(0), True), EXTENDED: extension(EXTENDED, usages(usage)),
            SAN: extension(SAN, sequence(tlv(0x82, HOST.encode()))), SKI: extension(SKI, tlv(4, identifier(key))),
            AKI: extension(AKI, sequence(tlv(0x80, identifier(above.key))))})
        self.presented = lambda encoded: encoded
        self.trusted = lambda encoded: encoded

    @property
    def issuing(self):
        """The authority right above the leaf."""
        return self.intermediates[-1]

    def draft(self, role):
        return {"leaf": self.leaf, "intermediate": self.issuing, "root": self.root}[role]

    def case(self, label):
        root = self.root.encode(self.root)
        encoded, above = [], self.root
        for draft in self.intermediates:
            encoded.insert(0, draft.encode(above))
            above = draft
        leaf = self.leaf.encode(above)
        return {
            "id": label, "features": [], "validation_kind": self.purpose,
            "trusted_certs": [armour(one) for one in self.trusted([root])],
            "untrusted_intermediates": [armour(one) for one in self.presented(encoded)],
            "peer_certificate": armour(leaf), "validation_time": TIME, "signature_algorithms": [], "key_usage": [],
            "extended_key_usage": [], "expected_result": "SUCCESS",
            "expected_peer_name": {"kind": "DNS", "value": HOST} if self.purpose == "SERVER" else None,
            "expected_peer_names": [], "max_chain_depth": None}


def armour(der):
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"


def replaced(draft, **changes):
    other = copy.copy(draft)
    other.extensions = dict(draft.extensions)
    for field, value in changes.items():
        setattr(other, field, value)
    return other
