"""A network between a browser and a server of this machine, which can be taken away and given back."""

import socket
import threading
from contextlib import suppress


class Relay:
    """Listens at a port of its own and hands everything on to another, as long as it is not cut."""

    def __init__(self, port):
        self._to = port
        self._cut = False
        self._open = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Take the network away: what is connected is lost, and nothing new gets through."""
        self._cut = True
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self._cut = False

    def close(self):
        self.cut()
        self._listening.close()

    def _accept(self):
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near):
        with near, suppress(OSError):
            if self._cut:
                return
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                self._open |= {near, far}
                there = threading.Thread(target=_pump, args=(near, far), daemon=True)
                there.start()
                _pump(far, near)
                there.join()
                self._open -= {near, far}


def _pump(source, sink):
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
