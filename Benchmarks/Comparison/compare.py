"""Runs every peer in interleaved rounds and prints medians, ratios, and pass or fail against the bars."""

import argparse
import contextlib
import json
import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path

import certificates
import document
import loads
import measurements
import peers
import watchers

PARTS = ("request", "handshake", "latency", "memory", "allocations")
# Peers of which resumed handshakes are measured: ours, and the one that its bar is about.
RESUMING = ("sallyport", "nginx")
THRESHOLDS = Path(__file__).parent.parent / "allocations.json"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="folder with the built clients and the venv")
    parser.add_argument("--peers", help="comma-separated names; default: all")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000, help="per round and peer, of the small kind")
    parser.add_argument("--handshakes", type=int, default=1_000, help="per round and peer")
    parser.add_argument("--seconds", type=int, default=10, help="of load at a fixed rate, per round and peer")
    parser.add_argument("--rate", type=int, help="requests a second; default: half of what Sallyport can do")
    parser.add_argument("--crl", action="store_true",
                        help="instead: Sallyport with an empty revocation list and with one of 100,000 entries")
    parser.add_argument("--policies", action="store_true",
                        help="instead: Sallyport without policies, and with identity, two limits and changed fields")
    parser.add_argument("--observability", action="store_true",
                        help="instead: Sallyport without any record, and with access log, metrics and traces")
    parser.add_argument("--counting", type=float, default=0, help="with --observability: nanoseconds that counting costs")
    parser.add_argument("--keep-allocations", action="store_true", help="write new thresholds")
    parser.add_argument("--no-document", action="store_true", help="do not write docs/performance.md")
    parser.add_argument("--json", type=Path, help="also write the result here")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}")
    if options.crl:
        options.only = ["handshake"]
    if options.policies or options.observability:
        options.only = ["request"]
    return options


def chosen(options):
    if options.crl:
        return peers.own_peers_with_lists()
    if options.policies:
        return peers.own_peers_with_policies()
    if options.observability:
        return peers.own_peers_with_telemetry(options.watchers.metrics, options.watchers.collector)
    everyone = peers.all_peers(options.tools)
    if not options.peers:
        return everyone
    names = options.peers.split(",")
    unknown = set(names) - {peer.name for peer in everyone}
    if unknown:
        sys.exit(f"unknown peers: {', '.join(sorted(unknown))}")
    return [peer for peer in everyone if peer.name in names]


def kinds(options):
    if options.policies or options.observability:
        return [("HTTP/1.1", loads.WORKS[0])]
    return [(protocol, work) for protocol in loads.PROTOCOLS for work in loads.WORKS]


def title(protocol, work):
    return f"{protocol} {work.name}"


def measure(options, folder):
    """Per peer: samples of every round. A round visits every peer, so that drift of the machine meets all alike."""
    samples, places = {}, {}
    with contextlib.ExitStack() as stack:
        _, backend = stack.enter_context(peers.backend_server().running(folder, 0))
        for peer in chosen(options):
            places[peer.name] = stack.enter_context(peer.running(folder, backend))
            samples[peer.name] = {}
        for number in range(options.rounds):
            if "request" in options.only:
                request_round(options, folder, places, samples)
            if "handshake" in options.only:
                handshake_round(options, folder, places, samples)
            if "latency" in options.only:
                latency_round(options, folder, places, samples, backend)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
    return samples


def add(samples, name, kind, value):
    samples[name].setdefault(kind, []).append(value)


def request_round(options, folder, places, samples):
    for protocol, work in kinds(options):
        for name, place in places.items():
            count = max(loads.CONNECTIONS * loads.STREAMS, int(options.requests * work.share))
            cost, rate = measurements.request_cost(options.tools, folder, *place, protocol, work, count)
            add(samples, name, title(protocol, work), cost)
            add(samples, name, title(protocol, work) + " rate", rate)


def handshake_round(options, folder, places, samples):
    for name, place in places.items():
        add(samples, name, "handshake",
            measurements.handshake_microseconds(options.tools, folder, *place, options.handshakes))
        if name in RESUMING:
            add(samples, name, "resumed",
                measurements.handshake_microseconds(options.tools, folder, *place, options.handshakes, "resumed"))


def latency_round(options, folder, places, samples, backend):
    """Half of what Sallyport can do on this machine, the same for all; and the backend without a proxy."""
    for protocol in loads.PROTOCOLS:
        rate = options.rate or half_load(options, folder, places, protocol)
        direct = measurements.latency(options.tools, folder, backend, "HTTP/1.1", rate, options.seconds, "http")
        for name, (_, port) in places.items():
            found = measurements.latency(options.tools, folder, port, protocol, rate, options.seconds)
            add(samples, name, f"{protocol} latency", found | {"rate": rate, "direct": direct})


def half_load(options, folder, places, protocol):
    """Half of what it can do in the shape of this load: as many connections, one request at a time on each. Ten streams
    of one connection cost less a request, and half of that rate would be more than all of this one."""
    name = "sallyport" if "sallyport" in places else next(iter(places))
    _, port = places[name]
    rate = loads.requests(
        options.tools, folder, port, protocol, loads.WORKS[0], options.requests, loads.TURNS, streams=1)
    return int(rate / 2)


def measure_memory(options, folder, samples):
    """In fresh processes: what the load left behind is not the cost of connections."""
    for peer in chosen(options):
        with peers.backend_server().running(folder, 0) as (_, backend):
            with peer.running(folder, backend) as (pid, port):
                megabytes, each = measurements.idle_memory(folder, pid, port)
            with peer.running(folder, backend) as (pid, port):
                active = measurements.active_kibibytes(options.tools, folder, pid, port)
        samples[peer.name] |= {"idle MB": [megabytes], "idle KiB": [each], "active KiB": [active]}


def measure_allocations(options, folder, samples):
    if "sallyport" not in samples:
        return
    peer, counters = peers.counted_peer(options.tools, folder)
    with peers.backend_server().running(folder, 0) as (_, backend), peer.running(folder, backend) as (_, port):
        for protocol, work in kinds(options):
            count = max(200, int(options.requests / 4 * work.share))
            calls, size = measurements.allocations(options.tools, folder, counters, port, protocol, work, count)
            samples["sallyport"][f"{title(protocol, work)} allocations"] = [calls]
            samples["sallyport"][f"{title(protocol, work)} allocated bytes"] = [size]


def medians_of(samples):
    def median(values):
        if not isinstance(values[0], dict):
            return statistics.median(values)
        return {"p99 added": statistics.median(each["p99"] - each["direct"]["p99"] for each in values)} | {
            key: statistics.median(each[key] for each in values) for key in ("p50", "p90", "p99", "p99.9", "rate")}
    return {name: {kind: median(values) for kind, values in found.items()} for name, found in samples.items()}


def bars(medians, counting=0):
    """(what, value, bar) for every bar that can be checked with what was measured."""
    if listed := medians.get("sallyport-crl"):
        empty = medians["sallyport-empty-crl"]
        return [("handshake with 100,000 revoked certificates, relative to none",
                 listed["handshake"] / empty["handshake"], 1.05)]
    if governed := medians.get("sallyport-policies"):
        kind = title("HTTP/1.1", loads.WORKS[0])
        return [("added by identity, condition, two limits and changed fields, microseconds",
                 governed[kind] - medians["sallyport-open"][kind], 3)]
    if seen := medians.get("sallyport-seen"):
        kind = title("HTTP/1.1", loads.WORKS[0])
        return [("added by access log, metrics and traces, microseconds",
                 seen[kind] - medians["sallyport-unseen"][kind] + counting / 1000, 2)]
    own, found = medians.get("sallyport"), []
    if not own:
        return []

    def relative(what, kind, peer, bar):
        if kind in own and kind in medians.get(peer, {}):
            found.append((f"{what}, relative to {peer}", own[kind] / medians[peer][kind], bar))

    def absolute(what, kind, bar):
        if kind in own:
            found.append((what, own[kind], bar))

    relative("HTTP/1.1 request", "HTTP/1.1 small", "nginx", 1.0)
    relative("HTTP/1.1 request", "HTTP/1.1 small", "envoy", 0.4)
    relative("HTTP/2 request", "HTTP/2 small", "envoy", 0.8)
    relative("handshake", "handshake", "nginx", 0.9)
    if "resumed" in own:
        found.append(("resumed handshake, relative to a full one", own["resumed"] / own["handshake"], 0.5))
    for protocol in loads.PROTOCOLS:
        if latency := own.get(f"{protocol} latency"):
            found.append((f"{protocol}, p99 added at half load, ms", latency["p99 added"] / 1000, 0.3))
    absolute("memory with 1,000 idle connections, MB", "idle MB", 40)
    absolute("an idle connection, KiB", "idle KiB", 40)
    return found + allocation_bars(own)


def allocation_bars(own):
    kept = json.loads(THRESHOLDS.read_text())
    return [(f"allocations of a request, {kind}", own[f"{kind} allocations"], most)
            for kind, most in kept.items() if f"{kind} allocations" in own]


def keep_allocations(medians):
    suffix = " allocations"
    found = {kind.removesuffix(suffix): round(calls * 1.1 + 1) for kind, calls in medians["sallyport"].items()
             if kind.endswith(suffix)}
    THRESHOLDS.write_text(json.dumps(found, indent=2) + "\n")


def check(medians, counting=0):
    return [{"what": what, "value": round(value, 3), "bar": bar, "pass": value <= bar}
            for what, value, bar in bars(medians, counting)]


def main():
    options = arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    options.tools = options.tools.absolute()
    with contextlib.ExitStack() as stack:
        if options.observability:
            options.watchers = stack.enter_context(watchers.Watchers())
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="sallyport-bench-"))
        folder = Path(name)
        folder.chmod(0o755)
        certificates.make(folder)
        loads.make_files(folder)
        if options.crl:
            certificates.revocation_lists(folder)
        samples = measure(options, folder)
        if "memory" in options.only:
            measure_memory(options, folder, samples)
        if "allocations" in options.only:
            measure_allocations(options, folder, samples)
    medians = medians_of(samples)
    if options.keep_allocations:
        keep_allocations(medians)
    outcome = {"medians": medians, "rounds": samples, "bars": check(medians, options.counting), "cores": os.cpu_count()}
    (options.json or options.tools / "result.json").write_text(json.dumps(outcome, indent=2) + "\n")
    print(document.table(outcome))
    for bar in outcome["bars"]:
        print(f"{'pass' if bar['pass'] else 'FAIL'}  {bar['what']}: {bar['value']:.2f}, at most {bar['bar']}")
    if set(options.only) == set(PARTS) and not options.peers and not options.no_document:
        document.write(outcome)
    return 0 if all(bar["pass"] for bar in outcome["bars"]) else 1


if __name__ == "__main__":
    sys.exit(main())
