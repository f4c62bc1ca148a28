"""One thing wrong, or merely unusual, about a chain: by name, each a function that changes a `Chain`."""

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from certificate_forge import (
    AKI, ANY, BASIC, CLIENT, CODE_SIGNING, EXTENDED, HOST, NC, SAN, SERVER, SKI, USAGE, authority, bits, extension,
    identifier, integer, key_of, name, oid, replaced, sequence, tlv, usages)

ROLES = ("leaf", "intermediate", "root")
MUTATIONS = {}


def mutation(label, *roles):
    """Registers a function of (chain, draft) once for each role."""
    def register(change):
        for role in roles or ("leaf",):
            MUTATIONS[f"{role}: {label}"] = lambda chain, role=role: change(chain, chain.draft(role))
        return change
    return register


def field(label, roles, **changes):
    mutation(label, *roles)(lambda _, draft: [setattr(draft, key, value) for key, value in changes.items()])


def put(label, roles, number, value, critical=False):
    mutation(label, *roles)(
        lambda _, draft: draft.extensions.__setitem__(number, value and extension(number, value, critical)))


def add(label, roles, number, value, critical=False):
    mutation(label, *roles)(lambda _, draft: draft.extra.append(extension(number, value, critical)))


def utc(text):
    return tlv(0x17, text.encode())


def general(text):
    return tlv(0x18, text.encode())


CAS = ("intermediate", "root")

# Time
field("expired", ROLES, not_after=utc("260501000000Z"))
field("not yet valid", ROLES, not_before=utc("260701000000Z"))
field("ends this second", ROLES, not_after=utc("260601000000Z"))
field("begins this second", ROLES, not_before=utc("260601000000Z"))
field("ended a second ago", ROLES, not_after=utc("260531235959Z"))
field("ends before it begins", ("leaf",), not_before=utc("260901000000Z"), not_after=utc("260101000000Z"))
field("time without seconds", ("leaf",), not_after=utc("2701010000Z"))
field("time with offset", ("leaf",), not_after=utc("270101000000+0000"))
field("time with fraction", ("leaf",), not_after=general("20270101000000.5Z"))
field("GeneralizedTime before 2050", ROLES, not_after=general("20270101000000Z"))
field("UTCTime of 1951", ROLES, not_after=utc("510101000000Z"))
field("never ends", ROLES, not_after=general("99991231235959Z"))
field("30th of February", ("leaf",), not_after=general("20270230000000Z"))

# Version and serial number
field("version 1 without extensions", ROLES, version=b"", extensions={})
field("version 1 with extensions", ROLES, version=b"")
field("version 1 written out", ("leaf",), version=tlv(0xA0, integer(0)))
field("version 2", ROLES, version=tlv(0xA0, integer(1)))
field("version 4", ROLES, version=tlv(0xA0, integer(3)))
field("serial zero", ROLES, serial=integer(0))
field("serial negative", ROLES, serial=integer(-5))
field("serial of 20 octets", ("leaf",), serial=tlv(2, b"\x7f" + bytes(19)))
field("serial of 21 octets", ROLES, serial=tlv(2, b"\x7f" + bytes(20)))
field("serial padded", ("leaf",), serial=tlv(2, b"\0\x11"))
field("serial empty", ("leaf",), serial=tlv(2))

# Signature
field("signed by a stranger", ("leaf", "intermediate"), signer=key_of(77))
field("signature of another curve", ("leaf",), algorithm="ecdsa512")
field("algorithm inside is another", ("leaf", "intermediate"), inner_algorithm="ecdsa384")
field("ECDSA with SHA-384", ROLES, algorithm="ecdsa384")
field("ECDSA with SHA-1", ROLES, algorithm="ecdsa1")
field("ECDSA with NULL parameters", ("leaf",), algorithm="ecdsa256-null")


def flipped(position):
    return lambda der: der[:position] + bytes([der[position] ^ 1]) + der[position + 1:]


field("last bit of the signature", ("leaf", "intermediate"), damage=lambda der: flipped(len(der) - 1)(der))
field("bit of the key", ("leaf", "intermediate"), damage=lambda der: flipped(der.find(b"\3\x42\0\4") + 20)(der))
field("bytes behind the certificate", ("leaf", "intermediate"), damage=lambda der: der + b"\0")
field("truncated", ("leaf", "intermediate"), damage=lambda der: der[:-1])
field("indefinite length", ("leaf",), damage=lambda der: b"\x30\x80" + der[4:] + b"\0\0")
field("length in a longer form", ("leaf",), damage=lambda der: b"\x30\x83\0" + der[2:])

_RSA = {}


def rsa_key(bits):
    if bits not in _RSA:
        _RSA[bits] = rsa.generate_private_key(65537, bits)
    return _RSA[bits]


def rekeyed(chain, draft, key):
    draft.key = key
    draft.extensions[SKI] = extension(SKI, tlv(4, identifier(key)))
    below = {id(chain.root): chain.intermediates[0], id(chain.issuing): chain.leaf}.get(id(draft))
    if below is not None and below is not draft:
        below.extensions[AKI] = extension(AKI, sequence(tlv(0x80, identifier(key))))
    return below


for bits_of_key in (1024, 2048, 2052, 3072):
    mutation(f"RSA {bits_of_key}", *ROLES)(
        lambda chain, draft, size=bits_of_key: rekeyed(chain, draft, rsa_key(size)))
for curve in (ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1(), ec.SECP224R1()):
    mutation(f"key on {curve.name}", *ROLES)(
        lambda chain, draft, curve=curve: rekeyed(chain, draft, key_of(20, curve)))
mutation("Ed25519 key", *ROLES)(
    lambda chain, draft: rekeyed(chain, draft, ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))))


def rsa_signed(label, algorithm):
    @mutation(label, "intermediate")
    def change(chain, draft):
        rekeyed(chain, draft, rsa_key(2048)).algorithm = algorithm


for one in ("rsa512", "rsa1", "rsa256-bare", "pss256", "pss384", "pss512", "pss256-salt20", "pss256-mask1", "pss1"):
    rsa_signed(f"signs with {one}", one)

# Key usage
put("no key usage", ROLES, USAGE, None)
put("key usage not critical", ROLES, USAGE, bits(0, 5, 6))
put("key usage empty", ROLES, USAGE, bits(), True)
put("key usage keyAgreement", ("leaf",), USAGE, bits(4), True)
put("key usage keyCertSign", ("leaf",), USAGE, bits(0, 5), True)
put("key usage cRLSign only", CAS, USAGE, bits(6), True)
put("key usage digitalSignature only", CAS, USAGE, bits(0), True)
put("key usage undecodable", ("leaf",), USAGE, b"\x03\x02", True)

# Extended key usage
put("no extended key usage", ("leaf",), EXTENDED, None)
for label, value in {"any": usages(ANY), "of the client": usages(CLIENT), "of the server": usages(SERVER),
                     "of both": usages(CLIENT, SERVER), "codeSigning": usages(CODE_SIGNING),
                     "any and codeSigning": usages(CODE_SIGNING, ANY), "empty": sequence(),
                     "undecodable": b"\x30\x05\x06"}.items():
    put(f"extended key usage {label}", ROLES, EXTENDED, value)
put("extended key usage critical", ("leaf",), EXTENDED, usages(CLIENT, SERVER), True)

# Basic constraints
CA = tlv(1, b"\xff")
put("no basic constraints", CAS, BASIC, None)
put("basic constraints CA:FALSE", ROLES, BASIC, sequence(), True)
put("basic constraints CA:TRUE", ("leaf",), BASIC, sequence(CA), True)
put("basic constraints not critical", CAS, BASIC, sequence(CA))
put("basic constraints CA:TRUE as 01", CAS, BASIC, sequence(tlv(1, b"\1")), True)
put("basic constraints CA:FALSE written out", ("leaf",), BASIC, sequence(tlv(1, b"\0")), True)
for length in (0, 1, 5, -1, 1 << 40):
    put(f"path length {length}", CAS, BASIC, sequence(CA, integer(length)), True)
put("path length without CA", ("leaf",), BASIC, sequence(integer(0)), True)

# Names
for label, value in {
        "none": None, "empty": sequence(), "another host": sequence(tlv(0x82, b"other.example.test")),
        "capitals": sequence(tlv(0x82, HOST.upper().encode())), "wildcard": sequence(tlv(0x82, b"*.example.test")),
        "wildcard of two labels": sequence(tlv(0x82, b"*.test")), "star": sequence(tlv(0x82, b"*")),
        "partial wildcard": sequence(tlv(0x82, b"h*.example.test")), "NUL": sequence(tlv(0x82, HOST.encode() + b"\0.evil")),
        "trailing dot": sequence(tlv(0x82, HOST.encode() + b".")), "underscore": sequence(tlv(0x82, b"a_b.example.test")),
        "blank": sequence(tlv(0x82, b"host.example.test ")), "empty host": sequence(tlv(0x82, b"")),
        "address as host": sequence(tlv(0x82, b"10.0.0.1")), "umlaut": sequence(tlv(0x82, "ü.test".encode())),
        "address of 5 octets": sequence(tlv(0x82, HOST.encode()), tlv(0x87, b"12345")),
        "address": sequence(tlv(0x82, HOST.encode()), tlv(0x87, b"\x0a\0\0\1")),
        "SPIFFE ID": sequence(tlv(0x82, HOST.encode()), tlv(0x86, b"spiffe://test/a")),
        "two SPIFFE IDs": sequence(tlv(0x82, HOST.encode()), tlv(0x86, b"spiffe://a/b"), tlv(0x86, b"spiffe://a/c")),
        "URI without scheme": sequence(tlv(0x82, HOST.encode()), tlv(0x86, b"nothing")),
        "mailbox": sequence(tlv(0x82, HOST.encode()), tlv(0x81, b"a@example.test")),
        "mailbox without host": sequence(tlv(0x82, HOST.encode()), tlv(0x81, b"a@")),
        "other name": sequence(tlv(0x82, HOST.encode()), tlv(0xA0, oid("1.2.3.4"), tlv(0xA0, tlv(0x0C, b"x")))),
        "directory name": sequence(tlv(0x82, HOST.encode()), tlv(0xA4, name("x"))),
        "unknown kind": sequence(tlv(0x82, HOST.encode()), tlv(0x89, b"x")),
        "undecodable": b"\x30\x05\x82"}.items():
    put(f"alternative names {label}", ("leaf",), SAN, value)
put("alternative names critical", ("leaf",), SAN, sequence(tlv(0x82, HOST.encode())), True)
field("subject empty", ROLES, subject=sequence())
field("subject with two common names", ("leaf",), subject=name("a", "b"))
field("subject with NUL", ("leaf",), subject=name("a\0b"))
field("subject in PrintableString", ROLES, subject=name("Root", tag=0x13))
field("issuer in capitals", ("leaf",), issuer=name("INTERMEDIATE 1"))
field("issuer in PrintableString", ("leaf",), issuer=name("Intermediate 1", tag=0x13))
field("issuer empty", ("leaf",), issuer=sequence())

# Name constraints
PERMITTED, EXCLUDED = 0xA0, 0xA1


def subtree(tag, *bases):
    return sequence(tlv(tag, *(sequence(base) for base in bases)))


for label, value in {
        "permit the host": subtree(PERMITTED, tlv(0x82, b"example.test")),
        "permit another host": subtree(PERMITTED, tlv(0x82, b"example.org")),
        "permit a longer name": subtree(PERMITTED, tlv(0x82, b"ample.test")),
        "permit with leading dot": subtree(PERMITTED, tlv(0x82, b".example.test")),
        "exclude the host": subtree(EXCLUDED, tlv(0x82, b"test")),
        "exclude another host": subtree(EXCLUDED, tlv(0x82, b"example.org")),
        "exclude all hosts": subtree(EXCLUDED, tlv(0x82, b"")),
        "permit addresses": subtree(PERMITTED, tlv(0x87, b"\x0a\0\0\0\xff\0\0\0")),
        "mask with holes": subtree(PERMITTED, tlv(0x87, b"\x0a\0\0\0\xff\0\xff\0")),
        "address of 6 octets": subtree(PERMITTED, tlv(0x87, b"\x0a\0\0\0\xff\0")),
        "permit a mail host": subtree(PERMITTED, tlv(0x81, b"example.org")),
        "permit a URI host": subtree(PERMITTED, tlv(0x86, b"example.org")),
        "permit the subject": subtree(PERMITTED, tlv(0xA4, name(HOST))),
        "permit another subject": subtree(PERMITTED, tlv(0xA4, name("other"))),
        "exclude the subject": subtree(EXCLUDED, tlv(0xA4, name(HOST))),
        "minimum of 1": sequence(tlv(PERMITTED, sequence(tlv(0x82, b"test"), tlv(0x80, b"\1")))),
        "empty": sequence(), "empty list": sequence(tlv(PERMITTED)),
        "undecodable": b"\x30\x09\xa0", "of other names": subtree(EXCLUDED, tlv(0xA0, oid("1.2.3.4"), tlv(0xA0, tlv(0x0C, b"x")))),
}.items():
    put(f"constraints {label}", CAS, NC, value, True)
put("constraints not critical", CAS, NC, subtree(PERMITTED, tlv(0x82, b"example.org")))
put("constraints in the leaf", ("leaf",), NC, subtree(PERMITTED, tlv(0x82, b"test")), True)

# Key identifiers
put("no authority key identifier", ("leaf", "intermediate"), AKI, None)
put("another authority key identifier", ("leaf", "intermediate"), AKI, sequence(tlv(0x80, b"x" * 20)))
put("authority key identifier critical", ("leaf",), AKI, sequence(tlv(0x80, identifier(key_of(1)))), True)
put("authority key identifier undecodable", ("leaf",), AKI, b"\x30\x09\x80")
put("no subject key identifier", ROLES, SKI, None)
put("another subject key identifier", ROLES, SKI, tlv(4, b"y" * 20))
put("subject key identifier critical", ("leaf",), SKI, tlv(4, b"y" * 20), True)

# Extensions in general
add("unknown extension", ROLES, "1.2.3.4.5", tlv(5))
add("unknown critical extension", ROLES, "1.2.3.4.5", tlv(5), True)
add("alternative names twice", ("leaf",), SAN, sequence(tlv(0x82, HOST.encode())))
add("unknown extension twice", ("leaf",), "1.2.3.4.5", tlv(5))
mutation("unknown extension twice indeed", "leaf")(
    lambda _, draft: draft.extra.extend([extension("1.2.3.4.5", tlv(5))] * 2))
mutation("basic constraints twice", *CAS)(
    lambda _, draft: draft.extra.append(extension(BASIC, sequence(CA), True)))
mutation("forty extensions", "leaf")(
    lambda _, draft: draft.extra.extend(extension(f"1.2.3.4.{index}", tlv(5)) for index in range(40)))
add("critical written as 01", ("leaf",), "1.2.3.4.5", tlv(5), tlv(1, b"\1"))
add("critical FALSE written out", ("leaf",), "1.2.3.4.5", tlv(5), tlv(1, b"\0"))
add("policy critical", ROLES, "2.5.29.32", sequence(sequence(oid("1.2.3"))), True)
add("policy mappings critical", ("intermediate",), "2.5.29.33", sequence(sequence(oid("1.2.3"), oid("1.2.4"))), True)
add("policy constraints critical", ("intermediate",), "2.5.29.36", sequence(tlv(0x80, b"\0")), True)
add("policy constraints", ("intermediate",), "2.5.29.36", sequence(tlv(0x80, b"\0")))
add("inhibit anyPolicy critical", ("intermediate",), "2.5.29.54", integer(0), True)
field("no extensions", ROLES, extensions={})


# The chain as a whole
def chain_mutation(label):
    def register(change):
        MUTATIONS[f"chain: {label}"] = change
        return change
    return register


@chain_mutation("intermediate missing")
def _(chain):
    chain.presented = lambda encoded: encoded[1:]


@chain_mutation("in reverse order")
def _(chain):
    chain.presented = lambda encoded: encoded[::-1]


@chain_mutation("root presented too")
def _(chain):
    chain.presented = lambda encoded: [*encoded, chain.root.encode(chain.root)]


@chain_mutation("intermediate twice")
def _(chain):
    chain.presented = lambda encoded: encoded * 2


@chain_mutation("stranger among them")
def _(chain):
    stranger = authority(30, "Stranger")
    chain.presented = lambda encoded: [stranger.encode(stranger), *encoded]


@chain_mutation("impostor first")
def _(chain):
    """Same name as the issuing authority, another key."""
    impostor = authority(31, "Intermediate 1")
    chain.presented = lambda encoded: [impostor.encode(impostor), *encoded]


@chain_mutation("impostor only")
def _(chain):
    impostor = authority(31, "Intermediate 1")
    chain.presented = lambda encoded: [impostor.encode(chain.root)]


@chain_mutation("expired twin first")
def _(chain):
    twin = replaced(chain.issuing, not_after=utc("260501000000Z"))
    above = chain.intermediates[-2] if len(chain.intermediates) > 1 else chain.root
    chain.presented = lambda encoded: [twin.encode(above), *encoded]


@chain_mutation("another root of the same name")
def _(chain):
    other = authority(32, "Root")
    chain.trusted = lambda encoded: [other.encode(other)]


@chain_mutation("two roots of the same name")
def _(chain):
    other = authority(32, "Root")
    chain.trusted = lambda encoded: [other.encode(other), *encoded]


@chain_mutation("no root")
def _(chain):
    chain.trusted = lambda encoded: [authority(33, "Other").encode(authority(33, "Other"))]


@chain_mutation("intermediate trusted alone")
def _(chain):
    """An anchor that is not self-signed."""
    above = chain.intermediates[-2] if len(chain.intermediates) > 1 else chain.root
    chain.trusted = lambda encoded: [chain.issuing.encode(above)]


@chain_mutation("leaf signs a leaf")
def _(chain):
    below = replaced(chain.leaf, key=key_of(40), issuer=None)
    below.extensions[AKI] = extension(AKI, sequence(tlv(0x80, identifier(chain.leaf.key))))
    chain.intermediates.append(chain.leaf)
    chain.leaf = below


@chain_mutation("self-signed leaf")
def _(chain):
    chain.leaf.issuer, chain.leaf.signer = chain.leaf.subject, chain.leaf.key


@chain_mutation("self-signed leaf that is trusted")
def _(chain):
    chain.leaf.issuer, chain.leaf.signer = chain.leaf.subject, chain.leaf.key
    chain.trusted = lambda encoded: [*encoded, chain.leaf.encode(chain.issuing)]


@chain_mutation("circle")
def _(chain):
    """Two authorities that signed each other, and no way to the root."""
    first, second = authority(50, "Intermediate 1"), authority(51, "Circle")
    chain.leaf.signer = first.key
    chain.presented = lambda encoded: [first.encode(second), second.encode(first)]


@chain_mutation("nine strangers")
def _(chain):
    strangers = [authority(60 + index, f"Stranger {index}") for index in range(9 - len(chain.intermediates))]
    chain.presented = lambda encoded: [*encoded, *(one.encode(one) for one in strangers)]
