"""Makes a table and a chart of a result, and puts them into docs/performance.md.

    python3 Benchmarks/Comparison/document.py RESULT.json
"""

import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

# What stands in a row of the table: words, and how the value is found among a peer's medians.
ROWS = [(f"{protocol}, {size}: processor µs per request", f"{protocol} {size}")
        for protocol in ("HTTP/1.1", "HTTP/2") for size in ("small", "16 KiB", "1 MiB")]
ROWS += [("full handshake: processor µs", "handshake"), ("resumed handshake: processor µs", "resumed")]
LATENCIES = ("p50", "p90", "p99", "p99.9", "p99 added")
MEMORY = [("memory with 1,000 idle connections, MB", "idle MB"), ("an idle connection, KiB", "idle KiB"),
          ("an active connection, KiB", "active KiB")]


def rows(medians):
    """(words, one value or None per peer), without rows that nobody has a value for."""
    found = [(words, [median.get(kind) for median in medians.values()]) for words, kind in ROWS]
    for protocol in ("HTTP/1.1", "HTTP/2"):
        for share in LATENCIES:
            found.append((f"{protocol} at a fixed rate: {share}, µs",
                          [median.get(f"{protocol} latency", {}).get(share) for median in medians.values()]))
    found += [(words, [median.get(kind) for median in medians.values()]) for words, kind in MEMORY]
    own = medians.get("sallyport", {})
    for kind in own:
        if kind.endswith(" allocations"):
            found.append((f"{kind.replace(' allocations', '')}: allocations per request",
                          [median.get(kind) for median in medians.values()]))
    return [(words, values) for words, values in found if any(value is not None for value in values)]


def table(outcome):
    medians = outcome["medians"]
    lines = ["| | " + " | ".join(medians) + " |", "|---|" + "---:|" * len(medians)]
    for words, values in rows(medians):
        lines.append(f"| {words} | " + " | ".join("" if value is None else f"{value:.1f}" for value in values) + " |")
    return "\n".join(lines)


COLOURS = {"sallyport": "#1b6e53", "nginx": "#7a8793", "haproxy": "#9aa5af", "envoy": "#b7a27a", "caddy": "#c7b9d6"}
WIDTH, BAR, GAP, LEFT, RIGHT = 760, 14, 22, 190, 80


def chart(outcome):
    """Processor time per request of each peer, one group of bars for each kind of request, each group to its own scale."""
    medians = outcome["medians"]
    groups = [(kind, [(name, median[kind]) for name, median in medians.items() if kind in median])
              for _, kind in ROWS]
    groups = [(kind, bars) for kind, bars in groups if bars]
    height = 50 + sum(len(bars) * (BAR + 3) + GAP for _, bars in groups)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
             'font-family="system-ui, sans-serif" font-size="12" role="img">',
             "<title>Processor time per request and handshake</title>",
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             '<text x="16" y="26" font-size="15" fill="#222222">Processor microseconds, shorter is better</text>']
    y = 50
    for kind, bars in groups:
        most = max(value for _, value in bars) or 1
        parts.append(f'<text x="16" y="{y + 11}" fill="#222222">{escape(kind)}</text>')
        for name, value in bars:
            length = max(1, (WIDTH - LEFT - RIGHT) * value / most)
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end" fill="#555555">{escape(name)}</text>'
                f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{COLOURS.get(name, "#888888")}"/>'
                f'<text x="{LEFT + length + 6:.1f}" y="{y + 11}" fill="#222222">{value:.1f}</text>')
            y += BAR + 3
        y += GAP
    return "\n".join([*parts, "</svg>"]) + "\n"


def write(outcome):
    page = DOCS / "performance.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    bars = "\n".join(f"* {'met' if bar['pass'] else '**missed**'}: {bar['what']}: {bar['value']:.2f}, at most {bar['bar']}"
                     for bar in outcome["bars"])
    page.write_text(f"{before}{BEGIN}\n\n{table(outcome)}\n\n![Processor time per request and handshake](performance.svg)\n\n{bars}\n\n{END}{after}")
    (DOCS / "performance.svg").write_text(chart(outcome))


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()))
