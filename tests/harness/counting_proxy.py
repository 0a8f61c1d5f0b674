"""A TCP proxy on loopback that counts what passes, so that a test sees what was really sent."""

import contextlib
import socket
import threading
import urllib.parse

CHUNK = 1 << 18


class CountingProxy:
    """Passes connections on to one address. `up` and `down` are bytes from and to the clients, headers included.

    A context manager. The port stays the same for its life, and with it the identity of the endpoint.
    """

    def __init__(self, target):
        """`target`: a URL; the proxy's own is `url`, with the same path."""
        parts = urllib.parse.urlsplit(target)
        self._address = (parts.hostname, parts.port)
        self._lock = threading.Lock()
        self.up = 0
        self.down = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = parts._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def reset(self):
        with self._lock:
            self.up = self.down = 0

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._address)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client, server):
        with client, server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = threading.Thread(target=self._pump, args=(server, client, False), daemon=True)
            answers.start()
            self._pump(client, server, True)
            answers.join()

    def _pump(self, one, other, upward):
        buffer = memoryview(bytearray(CHUNK))
        try:
            while count := one.recv_into(buffer):
                with self._lock:
                    if upward:
                        self.up += count
                    else:
                        self.down += count
                other.sendall(buffer[:count])
            other.shutdown(socket.SHUT_WR)
        except OSError:
            # One side is gone: so is the other.
            for end in (one, other):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
