"""Processor time of other processes, read from /proc: user and system time of all their threads, in milliseconds."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def process_ms(pid: int) -> float:
    """Processor time that the process has used so far; 0 where it has ended."""
    tasks = 0.0
    try:
        for task in (PROC / str(pid) / "task").iterdir():
            tasks += int((task / "schedstat").read_text().split()[0]) / 1e6
    except (OSError, IndexError):
        return _by_ticks(pid)
    return tasks


def _by_ticks(pid: int) -> float:
    """The same in steps of a clock tick, where the kernel keeps no finer count."""
    try:
        words = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) * TICK_MS


def children(pid: int) -> list[int]:
    """The process's children and theirs."""
    parents: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(words[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


@dataclass
class Meter:
    """Processor time used between `start` and `stop` by a group of processes that may grow meanwhile."""

    pids: Callable[[], Iterable[int]]
    used_ms: float = 0.0
    _begun: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        """Note where everybody stands."""
        self._begun = {pid: process_ms(pid) for pid in self.pids()}

    def stop(self) -> None:
        """Add what has been used since; a process that is new counts from its birth."""
        self.used_ms += sum(process_ms(pid) - self._begun.get(pid, 0.0) for pid in self.pids())
