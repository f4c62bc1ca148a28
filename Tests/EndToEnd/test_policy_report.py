"""`check --policies` says all that holds on a route, once."""

import json


def test_every_detail_is_said(edge, serve):
    upstream = serve()
    judge = serve()
    one = edge(
        upstream, upstreams={"judge": {"targets": [judge.url]}},
        tlsProfiles__edge__clientCertificates={"mode": "optional", "trust": ["test"], "because": "browsers ask first"},
        policies={
            "baseline": {"limits": {"body": "10MiB"}},
            "small": {"limits": {"body": "1KiB"}},
            "closed": {"maintenance": {"retryAfter": "90s", "except": ["192.0.2.0/24"]}},
            "asked": {"consult": {"upstream": "judge", "path": "/check", "timeout": "300ms", "send": ["x-a"], "take": ["x-b"],
                                  "whenUnavailable": "allow", "because": "x"}},
            "browsers": {"cors": {"origins": ["https://www.example.org"], "methods": ["PUT"], "headers": ["x-c"],
                                  "expose": ["x-d"], "credentials": True, "maxAge": "30s"}},
            "slow": {"rateLimit": {"by": "identity", "rate": "7/min"}}},
        routes=[{"name": "all", "match": {"path": "/a/*"}, "allow": ["alice"], "to": upstream.url,
                 "policies": ["small", "closed", "asked", "browsers", "slow"],
                 "forward": {"stripPrefix": "/a", "addPrefix": "/b"}}])
    text = one.gateway.command("check", "--policies", "-c", one.gateway.file).stdout
    for words in ("body 1KiB", "without /a in front, with /b in front", "retry after 90s", "not for 192.0.2.0/24",
                  "judge/check within 300ms; allow when it does not answer; it sees x-a; the upstream gets its x-b",
                  "pages of https://www.example.org; methods PUT; fields x-c; may read x-d; with credentials; remembered for 30s",
                  "7/min by identity"):
        assert words in text, text
    assert "10MiB" not in text, "what a policy has replaced does not hold"
    row = json.loads(one.gateway.command("check", "--policies", "--json", "-c", one.gateway.file).stdout)[0]
    assert row["limits"]["body"] == 1024 and row["identities"] == ["alice"]
