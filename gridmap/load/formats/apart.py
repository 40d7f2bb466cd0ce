"""Readers written in C, run in a process of their own: a damaged file may end that, never the one that asked.

The child is a copy of this process (fork), reads, sends its answer through a pipe and is gone; its memory and time are
bounded by the kernel. Nothing but the answer comes back.
"""

import contextlib
import os
import pickle
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn, TypeVar

from gridmap.load.finding import LoadError, shorten

Answer = TypeVar("Answer")
MOST_SECONDS = 900
MOST_BYTES = 6_000_000_000
"""More than this process takes already."""


def read_apart(path: Path, read: Callable[[], Answer]) -> Answer:
    """What `read` gives, which must be picklable. Raises its LoadError, or `unreadable_file` where the reader died."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _answer(path, read, sending)
    os.close(sending)
    try:
        with os.fdopen(receiving, "rb") as pipe:
            good, answer = pickle.load(pipe)  # noqa: S301 - from our own child
    except (EOFError, pickle.UnpicklingError, MemoryError):
        good, answer = False, ("unreadable_file", {"file": path.name, "why": "its reader broke down over it"})
    finally:
        os.waitpid(child, 0)
    if not good:
        code, params = answer
        raise LoadError(code, **params)
    result: Answer = answer
    return result


def _answer(path: Path, read: Callable[[], Answer], sending: int) -> NoReturn:
    """In the child: read within bounds, send the answer, and end without anything of the parent's being closed."""
    try:
        _bound()
        with os.fdopen(sending, "wb") as pipe:
            _send(path, read, pipe)
    finally:
        os._exit(0)


def _send(path: Path, read: Callable[[], Answer], pipe: BinaryIO) -> None:
    try:
        answer: tuple[bool, object] = (True, read())
    except LoadError as error:
        answer = (False, (error.code, error.params))
    except Exception as error:  # noqa: BLE001 - readers raise whatever a damaged file makes them stumble over
        why = shorten(str(error).replace(f"{path.parent}/", "")) or type(error).__name__
        answer = (False, ("unreadable_file", {"file": path.name, "why": why}))
    pickle.dump(answer, pipe, pickle.HIGHEST_PROTOCOL)


def _bound() -> None:
    """Limits that the kernel keeps: time by the wall, memory beyond what is there, no core left behind."""
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(MOST_SECONDS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
