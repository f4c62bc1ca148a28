"""A TCP proxy that does to a connection what networks and broken peers do.

Runs in a thread of its own with its own event loop. A fault is a function of one direction of one connection: it gets
a `Flow` and pumps bytes its way. What it does not touch is passed on as it is.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading


class Reset(Exception):
    """The fault wants both ends reset."""


class Flow:
    """One direction: where bytes come from, where they go, and the other direction's flow."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.passed = 0

    async def read(self, most=65536):
        return await self.reader.read(most)

    async def write(self, data):
        self.passed += len(data)
        self.writer.write(data)
        await self.writer.drain()

    async def end(self):
        with contextlib.suppress(OSError):
            if self.writer.can_write_eof():
                self.writer.write_eof()


async def clean(flow):
    while data := await flow.read():
        await flow.write(data)
    await flow.end()


def latency(seconds, jitter=0.0):
    async def fault(flow):
        while data := await flow.read():
            await asyncio.sleep(seconds + random.random() * jitter)
            await flow.write(data)
        await flow.end()
    return fault


def bandwidth(bytes_a_second):
    async def fault(flow):
        while data := await flow.read(max(1, bytes_a_second // 20)):
            await flow.write(data)
            await asyncio.sleep(len(data) / bytes_a_second)
        await flow.end()
    return fault


def slicer(size, pause=0.0, most=4000):
    """Small pieces, each in a segment of its own; after `most` bytes as they come."""
    async def fault(flow):
        while data := await flow.read():
            while data and flow.passed < most:
                await flow.write(data[:size])
                data = data[size:]
                await asyncio.sleep(pause)
            if data:
                await flow.write(data)
        await flow.end()
    return fault


def slow_close(seconds):
    async def fault(flow):
        while data := await flow.read():
            await flow.write(data)
        await asyncio.sleep(seconds)
        await flow.end()
    return fault


def blackhole(after=0):
    """From some byte on nothing arrives but the end of the connection."""
    async def fault(flow):
        while data := await flow.read():
            if left := max(0, after - flow.passed):
                await flow.write(data[:left])
        await flow.end()
    return fault


def reset_peer(after=0):
    async def fault(flow):
        while data := await flow.read():
            if flow.passed + len(data) > after:
                await flow.write(data[:after - flow.passed])
                raise Reset
            await flow.write(data)
        raise Reset
    return fault


def limit_data(count):
    """An orderly end after so many bytes."""
    async def fault(flow):
        while flow.passed < count and (data := await flow.read(count - flow.passed)):
            await flow.write(data)
        await flow.end()
        flow.writer.close()
    return fault


def half_close(after):
    """This direction ends in order after so many bytes; the other one stays open."""
    async def fault(flow):
        while flow.passed < after and (data := await flow.read(after - flow.passed)):
            await flow.write(data)
        await flow.end()
        while await flow.read():
            pass
    return fault


def garbage(after, data):
    """Bytes that nobody sent, at some place."""
    async def fault(flow):
        is_sent = False
        while piece := await flow.read():
            place = after - flow.passed
            if not is_sent and place <= len(piece):
                piece, is_sent = piece[:place] + data + piece[place:], True
            await flow.write(piece)
        await flow.end()
    return fault


def corrupt(at):
    """One bit is another one."""
    async def fault(flow):
        while piece := bytearray(await flow.read()):
            place = at - flow.passed
            if 0 <= place < len(piece):
                piece[place] ^= 0x10
            await flow.write(bytes(piece))
        await flow.end()
    return fault


def duplicate(first):
    """The first bytes come twice."""
    async def fault(flow):
        head = b""
        while len(head) < first and (data := await flow.read(first - len(head))):
            head += data
        await flow.write(head + head)
        await clean(flow)
    return fault


def stall(after, seconds):
    """A pause in the middle."""
    async def fault(flow):
        is_over = False
        while piece := await flow.read():
            place = after - flow.passed
            if not is_over and place < len(piece):
                await flow.write(piece[:place])
                await asyncio.sleep(seconds)
                piece, is_over = piece[place:], True
            await flow.write(piece)
        await flow.end()
    return fault


def trickle(bytes_a_second):
    return slicer(1, 1 / bytes_a_second, 1 << 30)


class FaultProxy:
    """Listens on 127.0.0.1 and connects to a port. `to_target` and `to_client` are faults of the two directions.

    `refuse` closes each connection at once with a reset; `unreachable` makes the target one that nobody listens on.
    """

    def __init__(self, target, to_target=clean, to_client=clean, *, refuse=False, accept_delay=0.0):
        self.target, self.faults = target, (to_target, to_client)
        self.refuse, self.accept_delay = refuse, accept_delay
        self.connections = 0
        self.loop = asyncio.new_event_loop()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.tasks = set()
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        started.wait(5)

    def set(self, to_target=clean, to_client=clean):
        """For connections from now on."""
        self.faults = (to_target, to_client)

    def _run(self, started):
        asyncio.set_event_loop(self.loop)

        async def main():
            self.stopped = asyncio.Event()
            server = await asyncio.start_server(self._serve, sock=self.listener)
            started.set()
            await self.stopped.wait()
            server.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

        self.loop.run_until_complete(main())
        self.loop.close()

    async def _serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        self.connections += 1
        ends = [writer]
        pumps = []
        try:
            if self.refuse:
                raise Reset
            await asyncio.sleep(self.accept_delay)
            to_target, to_client = self.faults
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
            ends.append(there_writer)
            pumps = [
                asyncio.create_task(to_target(Flow(reader, there_writer))),
                asyncio.create_task(to_client(Flow(there_reader, writer)))]
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
            for one in done:
                one.result()
        except Reset:
            for end in ends:
                self._reset(end)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for pump in pumps:
                pump.cancel()
            for end in ends:
                end.close()
            self.tasks.discard(asyncio.current_task())

    @staticmethod
    def _reset(writer):
        with contextlib.suppress(OSError):
            plain = writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def close(self):
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
