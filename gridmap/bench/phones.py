"""Phones that report: each keeps its line open and sends at its own times, whether or not the server keeps up."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from gridmap.bench.http import Target, header

DEADLINE_SECONDS = 60.0
NO_ANSWER = 0
"""In place of a status."""
WORDS = "Boxes on the landing between the third and the fourth floor; the way is blocked."


@dataclass(frozen=True, kw_only=True)
class Load:
    """How many phones send how many reports a second together, for how long, and how many of them send again.

    `places`: where they report, and of which kind. `again`: the share that sends the same once more, at once, as a
    phone does whose answer got lost.
    """

    places: Sequence[tuple[int, str]]
    phones: int = 500
    per_second: float = 140.0
    seconds: float = 30.0
    again: float = 0.05


@dataclass
class Sent:
    """What came of it: milliseconds from when each should have been sent to its whole answer, and its statuses."""

    waited_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    accepted: dict[UUID, int] = field(default_factory=dict)
    """The cases that were promised, by the id under which they were sent."""
    told_otherwise: int = 0
    """Answers to the same sent again that named another case."""
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Reports accepted a second, each counted once."""
        return len(self.accepted) / self.seconds if self.seconds else 0.0

    def share(self, part: float) -> float:
        """The wait below which that part of the answers stays."""
        found = sorted(self.waited_ms)
        return found[min(int(part * len(found)), len(found) - 1)] if found else 0.0


def send(target: Target, token: str, load: Load) -> Sent:
    """Let the phones report until the time is over, and wait for every answer."""
    return asyncio.run(_send(target, token, load))


async def _send(target: Target, token: str, load: Load) -> Sent:
    sent = Sent()
    lines = await asyncio.gather(*(_Phone.call(target, token, sent) for _ in range(load.phones)))
    begun = time.perf_counter()
    await asyncio.gather(*(phone.work(number, begun, load) for number, phone in enumerate(lines)))
    sent.seconds = time.perf_counter() - begun
    return sent


class _Phone:
    """One open line."""

    def __init__(self, target: Target, token: str, sent: Sent) -> None:
        self.head = (
            f"POST /api/incidents HTTP/1.1\r\nHost: {target.host}:{target.port}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: "
        )
        self.sent = sent
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    @classmethod
    async def call(cls, target: Target, token: str, sent: Sent) -> "_Phone":
        """A phone with its line open."""
        phone = cls(target, token, sent)
        phone.reader, phone.writer = await asyncio.open_connection(target.host, target.port)
        return phone

    async def work(self, number: int, begun: float, load: Load) -> None:
        """Report at this phone's own times: they are spread evenly over all phones."""
        pause, turn = load.phones / load.per_second, 0
        while (at := (turn + number / load.phones) * pause) < load.seconds:
            await asyncio.sleep(max(begun + at - time.perf_counter(), 0))
            count = turn * load.phones + number
            place, kind = load.places[count % len(load.places)]
            is_again = load.again > 0 and count % round(1 / load.again) == 0
            try:
                await self.report(begun + at, place, kind, again=is_again)
            except (OSError, EOFError, TimeoutError):
                # nobody knows what became of it: not accepted, and this phone has no line any more
                self.sent.statuses[NO_ANSWER] = self.sent.statuses.get(NO_ANSWER, 0) + 1
                self.sent.waited_ms.append((time.perf_counter() - begun - at) * 1000)
                break
            turn += 1
        self.writer.close()

    async def report(self, since: float, place: int, kind: str, *, again: bool) -> None:
        """Send one report; `again`: twice, with the same id. No answer raises OSError, EOFError or TimeoutError."""
        sent_id = uuid4()
        words = json.dumps({"sent_id": str(sent_id), "kind": kind, "place_id": place, "text": WORDS})
        body = words.encode()
        for turn in range(2 if again else 1):
            status, answer = await asyncio.wait_for(self.ask(body), DEADLINE_SECONDS)
            self.sent.statuses[status] = self.sent.statuses.get(status, 0) + 1
            if turn == 0:
                self.sent.waited_ms.append((time.perf_counter() - since) * 1000)
            if status == 200:
                case = int(json.loads(answer)["incident_id"])
                self.sent.told_otherwise += self.sent.accepted.setdefault(sent_id, case) != case

    async def ask(self, body: bytes) -> tuple[int, bytes]:
        """The status and body of the answer."""
        self.writer.write(f"{self.head}{len(body)}\r\n\r\n".encode() + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), await self.reader.readexactly(int(header(head[:-4], b"content-length") or 0))
