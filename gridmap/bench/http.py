"""A client that costs little: raw sockets kept open, whole answers read, nothing parsed that is not needed."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whom to ask, and as whom."""

    host: str
    port: int
    cookie: str

    def request(self, path: str, etag: str = "", encoding: str = "br") -> bytes:
        """The bytes of one GET that keeps the connection open; with `etag` it asks whether that is still good."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Cookie: {self.cookie}"]
        lines += [f"Accept-Encoding: {encoding}", *([f"If-None-Match: {etag}"] if etag else []), "", ""]
        return "\r\n".join(lines).encode()


class Line:
    """One open connection."""

    def __init__(self, target: Target) -> None:
        self._socket = socket.create_connection((target.host, target.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> "Answer":
        """The whole answer. Raises ConnectionError when the server hangs up."""
        self._socket.sendall(request)
        head = b""
        while (end := head.find(b"\r\n\r\n")) < 0:
            head += self._receive()
        status, words = int(head[9:12]), head[:end]
        length = 0 if status in (204, 304) else int(header(words, b"content-length") or 0)
        body = bytearray(head[end + 4 :])
        while len(body) < length:
            body += self._receive()
        return Answer(status, words, bytes(body))

    def _receive(self) -> bytes:
        block = self._socket.recv(1 << 18)
        if not block:
            raise ConnectionError("the server has closed the connection")
        return block

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@dataclass(frozen=True)
class Answer:
    """Status, head and body."""

    status: int
    head: bytes
    body: bytes

    @property
    def etag(self) -> str:
        """Its ETag, empty where it has none."""
        return header(self.head, b"etag").decode()


def header(head: bytes, name: bytes) -> bytes:
    """The value of a header, its name in lower case; empty where it is not there."""
    at = head.lower().find(b"\r\n" + name + b":")
    return head[at + len(name) + 3 :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""


@dataclass
class Rate:
    """Requests answered, and how long that took."""

    answered: int = 0
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds if self.seconds else 0.0


def hammer(target: Target, requests: Iterator[bytes], *, connections: int, seconds: float) -> Rate:
    """Send these requests, one after the other, on so many connections at once, until the time is over."""
    rate, lock, until = Rate(), threading.Lock(), time.monotonic() + seconds

    def work() -> None:
        line, statuses = Line(target), dict[int, int]()
        while time.monotonic() < until:
            with lock:
                request = next(requests)
            status = line.ask(request).status
            statuses[status] = statuses.get(status, 0) + 1
        line.close()
        with lock:
            for status, count in statuses.items():
                rate.statuses[status] = rate.statuses.get(status, 0) + count
                rate.answered += count

    begun = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate.seconds = time.monotonic() - begun
    return rate
