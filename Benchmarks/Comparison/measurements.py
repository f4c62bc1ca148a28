"""Processor time per request, per full and per resumed handshake; memory with idle connections."""

import asyncio
import os
import re
import ssl
import subprocess

from processes import processor_seconds, resident_bytes

CONNECTIONS = 16
IDLE_CONNECTIONS = 1000


class Failed(Exception):
    """A run in which not every request or handshake succeeded says nothing about cost."""


def load(tools, folder, port, requests):
    """Keep-alive load from h2load: all requests must be answered with 200."""
    environment = {
        **os.environ, "LD_PRELOAD": str((tools / "client_certificate.so").absolute()),
        "CLIENT_CERTIFICATE": str(folder / "client.pem"), "CLIENT_KEY": str(folder / "client.key")}
    output = subprocess.run(
        ["h2load", "--h1", "-t", "1", "-c", str(CONNECTIONS), "-n", str(requests),
         f"--connect-to=127.0.0.1:{port}", f"https://localhost:{port}/orders/17?color=blue"],
        env=environment, capture_output=True, text=True, timeout=300).stdout
    good = re.search(r"status codes: (\d+) 2xx", output)
    if not good or int(good[1]) != requests:
        raise Failed(f"h2load: not every request was answered with 200\n{output}")


def request_microseconds(tools, folder, pid, port, requests):
    load(tools, folder, port, CONNECTIONS * 10)
    before = processor_seconds(pid)
    load(tools, folder, port, requests)
    return (processor_seconds(pid) - before) / requests * 1e6


def handshake_microseconds(tools, folder, pid, port, handshakes, *kind):
    """`kind` is nothing for full handshakes, or "resumed"; one full handshake is then among those that are counted."""
    before = processor_seconds(pid)
    run = subprocess.run(
        [tools / "handshakes", str(port), str(handshakes), folder / "client.pem", folder / "client.key", *kind],
        capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        raise Failed(f"handshakes: {run.stdout}{run.stderr[:2000]}")
    return (processor_seconds(pid) - before) / handshakes * 1e6


def idle_megabytes(folder, pid, port):
    return asyncio.run(hold_idle(folder, pid, port))


async def hold_idle(folder, pid, port):
    """Resident memory while 1,000 connections, each of which has had one request answered, do nothing."""
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

    writers = await asyncio.wait_for(asyncio.gather(*(connect() for _ in range(IDLE_CONNECTIONS))), 120)
    await asyncio.sleep(2)
    megabytes = resident_bytes(pid) / 1e6
    for writer in writers:
        writer.transport.abort()
    return megabytes
