"""A TCP proxy on 127.0.0.1 that can stall, half-open and cut.

    proxy = Proxy(target_port)
    proxy.port                    where clients go
    proxy.hold(requests=True, replies=True)
    proxy.release()               what was held goes on, even of a client that
                                  has given up and gone: it lands late
    proxy.cut()                   every connection is reset
"""

import socket
import struct
import threading


class Proxy:
    def __init__(self, target_port):
        self.target = ("127.0.0.1", target_port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.requests, self.replies = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.pairs = set()
        self.release()
        threading.Thread(target=self.accept, daemon=True).start()

    def hold(self, requests=True, replies=True):
        if requests:
            self.requests.clear()
        if replies:
            self.replies.clear()

    def release(self):
        self.requests.set()
        self.replies.set()

    def cut(self):
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            self.end(pair)

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.target, timeout=5)
                server.settimeout(None)
            except OSError:
                reset(client)
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self.lock:
                self.pairs.add(pair)
            for way in ((client, server, self.requests),
                        (server, client, self.replies)):
                threading.Thread(target=self.pump, args=(pair, *way),
                                 daemon=True).start()

    def pump(self, pair, source, sink, gate):
        try:
            while True:
                data = source.recv(1 << 18)
                gate.wait()
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            gate.wait()
        quiet(sink.shutdown, socket.SHUT_WR)
        # The other way round, what was sent may still be on its way.
        if source is pair[1]:
            self.end(pair)

    def end(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for one in pair:
            reset(one)


def quiet(call, *words):
    try:
        call(*words)
    except OSError:
        pass


def reset(one):
    """Wakes the threads that wait in recv, too."""
    quiet(one.setsockopt, socket.SOL_SOCKET, socket.SO_LINGER,
          struct.pack("ii", 1, 0))
    quiet(one.shutdown, socket.SHUT_RDWR)
    quiet(one.close)
