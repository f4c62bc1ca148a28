"""An HTTP upstream in a process of its own, so that it can be killed: `python upstream_process.py PORT`.

Says hello; after a while under /slow, four MiB of it under /large. Takes the content of a POST for ever, and answers none."""

import asyncio
import sys

PIECE, PIECES = b"hello\n" * 8192, 85


async def answer(reader, writer, head):
    if head.startswith(b"POST "):
        while await reader.read(65536):
            pass
        return
    if head.startswith(b"GET /slow "):
        await asyncio.sleep(0.3)
    if not head.startswith(b"GET /large "):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
        return await writer.drain()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(PIECE) * PIECES))
    for _ in range(PIECES):
        writer.write(PIECE)
        await writer.drain()


async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await answer(reader, writer, head)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
