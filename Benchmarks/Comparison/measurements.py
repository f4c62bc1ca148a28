"""Processor time per request and handshake; latency; memory of connections; allocations."""

import asyncio
import ssl
import struct
import subprocess
import threading

import loads
from loads import Failed
from processes import processor_seconds, resident_bytes

IDLE_CONNECTIONS = 1000
ACTIVE_CONNECTIONS = 256


def request_cost(tools, folder, pid, port, protocol, work, count):
    """(microseconds of the processor per request, requests a second)."""
    loads.requests(tools, folder, port, protocol, work, loads.CONNECTIONS * 4)
    before = processor_seconds(pid)
    rate = loads.requests(tools, folder, port, protocol, work, count)
    return (processor_seconds(pid) - before) / count * 1e6, rate


def allocations(tools, folder, counters, port, protocol, work, count):
    """(calls, bytes) per request, from the counters that allocations.c keeps."""
    loads.requests(tools, folder, port, protocol, work, loads.CONNECTIONS * 20)
    before = read_counters(counters)
    loads.requests(tools, folder, port, protocol, work, count)
    after = read_counters(counters)
    return tuple((new - old) / count for old, new in zip(before, after))


def read_counters(path):
    return struct.unpack("QQ", path.read_bytes()[:16])


def latency(tools, folder, port, protocol, rate, seconds, scheme="https"):
    """Percentiles in microseconds."""
    values = loads.at_rate(tools, folder, port, protocol, loads.WORKS[0], rate, seconds, scheme=scheme)
    return {name: loads.percentile(values, share) for name, share in
            (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))} | {"requests": len(values)}


def active_kibibytes(tools, folder, pid, port):
    """Resident memory that each of 256 connections adds while all of them ask, HTTP/1.1."""
    before, most, is_over = resident_bytes(pid), 0, threading.Event()

    def watch():
        nonlocal most
        while not is_over.wait(0.05):
            most = max(most, resident_bytes(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        loads.requests(tools, folder, port, "HTTP/1.1", loads.WORKS[1], ACTIVE_CONNECTIONS * 20, ACTIVE_CONNECTIONS)
    finally:
        is_over.set()
        watcher.join()
    return max(0, most - before) / ACTIVE_CONNECTIONS / 1024


def handshake_microseconds(tools, folder, pid, port, handshakes, *kind):
    """`kind` is nothing for full handshakes, or "resumed"; one full handshake is then among those that are counted."""
    before = processor_seconds(pid)
    run = subprocess.run(
        [tools / "handshakes", str(port), str(handshakes), folder / "client.pem", folder / "client.key", *kind],
        capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        raise Failed(f"handshakes: {run.stdout}{run.stderr[:2000]}")
    return (processor_seconds(pid) - before) / handshakes * 1e6


def idle_memory(folder, pid, port):
    """(MB in all, KiB that each connection adds) with 1,000 idle connections."""
    return asyncio.run(hold_idle(folder, pid, port))


async def hold_idle(folder, pid, port):
    """Each connection has had one request answered. A first one has the peer load what it loads once."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    context.set_alpn_protocols(["http/1.1"])
    gate = asyncio.Semaphore(16)

    async def connect():
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            status = await reader.readline()
            if b" 200 " not in status:
                raise Failed(f"idle connection: {status!r}")
            return writer

    writers = [await connect()]
    await asyncio.sleep(1)
    before = resident_bytes(pid)
    writers += await asyncio.wait_for(asyncio.gather(*(connect() for _ in range(IDLE_CONNECTIONS))), 120)
    await asyncio.sleep(2)
    after = resident_bytes(pid)
    for writer in writers:
        writer.transport.abort()
    return after / 1e6, (after - before) / IDLE_CONNECTIONS / 1024
