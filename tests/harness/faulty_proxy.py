"""A TCP proxy on loopback whose connections break where a script says.

A fault is met once, by whichever connection carries the byte that it names; `fired` tells whether it was.
"""

import asyncio
import contextlib
import dataclasses
import random
import socket
import struct
import threading
import urllib.parse

CHUNK = 1 << 16
SLOW_BYTES = 512  # At a time, while it is slow.
PORTS = range(21000, 31000)


@dataclasses.dataclass
class Fault:
    """What happens once, at a place of what passes in one direction since the faults were armed.

    kind: "reset", "close": both sides of the connection end. "cut": what follows of this direction is lost,
    its receiver sees the end; the other direction goes on. "delay", "slow": for `seconds`. "stall": silence for
    `seconds`, then a reset. "refuse": all connections are reset, new ones refused for `seconds`. "flip": a bit
    of the byte at `at` from the beginning of `needle`, wherever that passes in one piece.
    """

    kind: str
    upward: bool
    message: int = 0  # Counted by what arrives in one piece, from 0.
    share: float = 0  # Of that piece, before it happens.
    seconds: float = 0
    needle: bytes = b""
    at: int = 0
    fired: bool = False


class Ended(Exception):
    """Nothing more passes in this direction."""


class _Connection:
    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.writers = [client[1], server[1]]
        self.client = client
        self.server = server

    async def run(self):
        pumps = [asyncio.create_task(self.pump(self.client[0], self.server[1], True)),
                 asyncio.create_task(self.pump(self.server[0], self.client[1], False))]
        try:
            await asyncio.gather(*pumps)
        except (OSError, Ended):
            pass
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for writer in self.writers:
                writer.close()

    def reset(self):
        for writer in self.writers:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def pump(self, reader, writer, upward):
        while data := await reader.read(CHUNK):
            data = self.proxy.flipped(data, upward)
            fault = self.proxy.due(upward, len(data))
            if fault:
                point = int(len(data) * fault.share)
                writer.write(data[:point])
                await writer.drain()
                data = await self.meet(fault, reader, writer, data[point:])
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    async def meet(self, fault, reader, writer, rest):
        """What is left to be passed on."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "slow":
            return await self.slowly(fault.seconds, writer, rest)
        elif fault.kind == "cut":
            writer.write_eof()
            while await reader.read(CHUNK):
                pass
            raise Ended
        elif fault.kind == "close":
            raise Ended
        else:
            if fault.kind == "stall":
                await asyncio.sleep(fault.seconds)
            if fault.kind == "refuse":
                self.proxy.refuse(fault.seconds)
            self.reset()
            raise Ended
        return rest

    @staticmethod
    async def slowly(seconds, writer, rest):
        end = asyncio.get_running_loop().time() + seconds
        while rest and asyncio.get_running_loop().time() < end:
            writer.write(rest[:SLOW_BYTES])
            await writer.drain()
            rest = rest[SLOW_BYTES:]
            await asyncio.sleep(0.01)
        return rest


class FaultyProxy:
    """Passes connections on to one address; the port stays the same. A context manager. `messages` is how many
    pieces passed {upward: count} since `arm`. All methods from one thread that is not the proxy's."""

    _loop = None
    _making = threading.Lock()

    def __init__(self, target):
        """`target`: a URL; the proxy's own is `url`, with the same path."""
        with FaultyProxy._making:
            if FaultyProxy._loop is None:
                FaultyProxy._loop = asyncio.new_event_loop()
                threading.Thread(target=FaultyProxy._loop.run_forever, daemon=True).start()
        parts = urllib.parse.urlsplit(target)
        self._address = (parts.hostname, parts.port)
        self._port = 0
        self._serving = set()
        self._opening = 0
        self._returning = None
        self._faults = []
        self.messages = {True: 0, False: 0}
        self._do(self._listen())
        self.url = parts._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.arm([])
        self._do(self._close())

    def arm(self, faults):
        """All connections end, whatever they carry; then these faults wait for theirs."""
        self._do(self._arm(faults))

    def flipped(self, data, upward):
        """The bytes, with one bit changed if they are what a fault waits for."""
        for fault in self._faults:
            if fault.kind == "flip" and fault.upward == upward and not fault.fired:
                found = data.find(fault.needle)
                if found >= 0:
                    fault.fired = True
                    data = bytearray(data)
                    data[found + fault.at] ^= 1 << (found % 8)
                    data = bytes(data)
        return data

    def due(self, upward, size):
        """The fault that is to be met by the next piece, if any."""
        number = self.messages[upward]
        self.messages[upward] += 1
        for fault in self._faults:
            # One that was passed by while another was met comes late rather than never.
            if fault.kind != "flip" and fault.upward == upward and not fault.fired and fault.message <= number and size:
                fault.fired = True
                return fault
        return None

    def refuse(self, seconds):
        """No connections for some time; those that are open break."""
        for connection in list(self._serving):
            connection.reset()
        if self._returning and not self._returning.done():
            return
        self._listener.close()

        async def come_back():
            await asyncio.sleep(seconds)
            await self._listen()

        self._returning = asyncio.get_running_loop().create_task(come_back())

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _listen(self):
        """Takes a port that no outgoing connection is given while it is refused."""
        for port in [self._port] if self._port else random.sample(PORTS, 100):
            with contextlib.suppress(OSError):
                self._listener = await asyncio.start_server(self._serve, "127.0.0.1", port, reuse_address=True, backlog=256)
                self._port = port
                return
        raise RuntimeError("no port is free")

    async def _arm(self, faults):
        self._faults = []
        while self._serving or self._opening:
            for connection in list(self._serving):
                connection.reset()
            await asyncio.sleep(0.005)
        if self._returning:
            await self._returning
            self._returning = None
        self.messages = {True: 0, False: 0}
        self._faults = faults

    async def _close(self):
        self._listener.close()

    async def _serve(self, reader, writer):
        self._opening += 1
        try:
            server = await asyncio.open_connection(*self._address)
            connection = _Connection(self, (reader, writer), server)
            self._serving.add(connection)
        except OSError:
            writer.transport.abort()
            return
        finally:
            self._opening -= 1
        try:
            await connection.run()
        finally:
            self._serving.discard(connection)
