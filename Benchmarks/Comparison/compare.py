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
import measurements
import peers


KINDS = ("request", "handshake", "resumed")
# Peers of which resumed handshakes are measured: ours, and the one that its bar is about.
RESUMING = ("sallyport", "nginx")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="folder with the built clients and the venv")
    parser.add_argument("--peers", help="comma-separated names; default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000, help="per round and peer")
    parser.add_argument("--handshakes", type=int, default=1_000, help="per round and peer")
    parser.add_argument("--crl", action="store_true",
                        help="instead: Sallyport with an empty revocation list and with one of 100,000 entries")
    parser.add_argument("--json", type=Path, help="also write the result here")
    return parser.parse_args()


def chosen(options):
    if options.crl:
        return peers.own_peers_with_lists()
    everyone = peers.all_peers(options.tools)
    if not options.peers:
        return everyone
    names = options.peers.split(",")
    unknown = set(names) - {peer.name for peer in everyone}
    if unknown:
        sys.exit(f"unknown peers: {', '.join(sorted(unknown))}")
    return [peer for peer in everyone if peer.name in names]


def measure(options, folder):
    """Per peer: medians over the rounds. A round visits every peer, so that drift of the machine meets all alike."""
    samples = {}
    with contextlib.ExitStack() as stack:
        _, backend = stack.enter_context(peers.backend_server().running(folder, 0))
        for peer in chosen(options):
            pid, port = stack.enter_context(peer.running(folder, backend))
            samples[peer.name] = {"pid": pid, "port": port, "request": [], "handshake": [], "resumed": []}
        for round_number in range(options.rounds):
            for name, sample in samples.items():
                place = (sample["pid"], sample["port"])
                sample["request"].append(
                    measurements.request_microseconds(options.tools, folder, *place, options.requests))
                sample["handshake"].append(
                    measurements.handshake_microseconds(options.tools, folder, *place, options.handshakes))
                if name in RESUMING:
                    sample["resumed"].append(
                        measurements.handshake_microseconds(options.tools, folder, *place, options.handshakes, "resumed"))
            print(f"round {round_number + 1} of {options.rounds} done", file=sys.stderr)
    return {name: {key: sample[key] for key in KINDS} for name, sample in samples.items()}


def measure_memory(options, folder, results):
    """In fresh processes: what the load left behind is not the cost of idle connections."""
    for peer in chosen(options):
        with peers.backend_server().running(folder, 0) as (_, backend), peer.running(folder, backend) as (pid, port):
            results[peer.name]["idleMegabytes"] = measurements.idle_megabytes(folder, pid, port)


def bars(medians):
    """(what, value, bar) for every bar that can be checked with the peers that ran."""
    if listed := medians.get("sallyport-crl"):
        empty = medians["sallyport-empty-crl"]
        return [("handshake with 100,000 revoked certificates, relative to none",
                 listed["handshake"] / empty["handshake"], 1.05)]
    own = medians.get("sallyport")
    if not own:
        return []
    found = [("memory with 1,000 idle connections, MB", own["idleMegabytes"], 40),
             ("resumed handshake, relative to a full one", own["resumed"] / own["handshake"], 0.5)]
    if nginx := medians.get("nginx"):
        found.append(("request, relative to nginx", own["request"] / nginx["request"], 1.2))
        found.append(("handshake, relative to nginx", own["handshake"] / nginx["handshake"], 0.9))
    if envoy := medians.get("envoy"):
        found.append(("request, relative to Envoy", own["request"] / envoy["request"], 0.5))
    return found


def report(results):
    medians = {
        name: {**{key: statistics.median(result[key]) for key in KINDS if result[key]},
               "idleMegabytes": result["idleMegabytes"]}
        for name, result in results.items()}
    print(f"{'':20}{'request µs':>22}{'handshake µs':>26}{'resumed µs':>26}{'1,000 idle, MB':>18}"
          "   (median; lowest–highest)")
    for name, median in medians.items():
        cells = [f"{median[key]:.1f} ({min(results[name][key]):.1f}–{max(results[name][key]):.1f})"
                 if key in median else "" for key in KINDS]
        print(f"{name:20}{cells[0]:>22}{cells[1]:>26}{cells[2]:>26}{median['idleMegabytes']:>18.1f}")
    checked = [{"what": what, "value": round(value, 3), "bar": bar, "pass": value <= bar}
               for what, value, bar in bars(medians)]
    for bar in checked:
        print(f"{'pass' if bar['pass'] else 'FAIL'}  {bar['what']}: {bar['value']:.2f}, at most {bar['bar']}")
    return {"medians": medians, "rounds": results, "bars": checked, "cores": os.cpu_count()}


def main():
    options = arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    options.tools = options.tools.absolute()
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        certificates.make(folder)
        if options.crl:
            certificates.revocation_lists(folder)
        results = measure(options, folder)
        measure_memory(options, folder, results)
    outcome = report(results)
    text = json.dumps(outcome, indent=2)
    (options.json or options.tools / "result.json").write_text(text + "\n")
    return 0 if all(bar["pass"] for bar in outcome["bars"]) else 1


if __name__ == "__main__":
    sys.exit(main())
