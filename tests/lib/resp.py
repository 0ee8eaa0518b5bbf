"""A small Redis client: commands in one batch, answers in their order."""

import socket
from urllib.parse import unquote, urlsplit


class RedisError(Exception):
    """The server answered with an error."""


class Redis:
    """`url`: redis://[user:password@]host:port/db"""

    def __init__(self, url):
        parts = urlsplit(url)
        self.socket = socket.create_connection(
            (parts.hostname, parts.port or 6379), timeout=30)
        self.file = self.socket.makefile("rb")
        if parts.password:
            self.call("AUTH", *filter(None, (parts.username,
                                             unquote(parts.password))))
        if parts.path.strip("/"):
            self.call("SELECT", parts.path.strip("/"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def call(self, *words):
        return self.batch([words])[0]

    def batch(self, commands, size=1000):
        """Errors are answers, too, as RedisError objects, except of one."""
        answers = []
        for start in range(0, len(commands), size):
            part = commands[start:start + size]
            self.socket.sendall(b"".join(map(self.encode, part)))
            answers += [self.read() for _ in part]
        if len(answers) == 1 and isinstance(answers[0], RedisError):
            raise answers[0]
        return answers

    @staticmethod
    def encode(words):
        data = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            data.append(b"$%d\r\n%s\r\n" % (len(word), word))
        return b"".join(data)

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            return self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        raise RedisError("unknown answer %r" % line)

    def keys(self, prefix):
        """All keys (bytes) that begin with this text."""
        pattern = "".join("\\" + c if c in "\\*?[]^-" else c for c in prefix)
        found, cursor = set(), b"0"
        while True:
            cursor, keys = self.call("SCAN", cursor, "MATCH", pattern + "*",
                                     "COUNT", 5000)
            found.update(keys)
            if cursor == b"0":
                return sorted(found)

    def delete(self, prefix):
        keys = self.keys(prefix)
        if keys:
            self.batch([("DEL", key) for key in keys])
