"""A server in a process of its own that can be killed after the commit of an answer and before it is told."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from gridmap import create_app
from gridmap.settings import Settings
from tests.conftest import DEMO_CLOCK
from tests.installation import free_port

LAST_WORDS = "dies-at-the-next-answer"
COMES_UP = 60
"""s within which a started server answers."""


@dataclass
class Mortal:
    """A server on a database; `start` it again after it has died, under the same address and data folder."""

    database_url: str
    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        told = [str(self.home), self.database_url, str(self.port)]
        self.process = subprocess.Popen([sys.executable, "-m", __name__, *told])
        end = time.monotonic() + COMES_UP
        while not self._answers():
            assert time.monotonic() < end, "the server never came up"
            assert self.process.poll() is None, "the server ended at once"
            time.sleep(0.1)

    def die_at_the_next_answer(self) -> None:
        """The next answer is written down, and the process is killed before it can say so."""
        (self.home / LAST_WORDS).touch()

    def is_dead(self) -> bool:
        """Whether the process has been killed."""
        assert self.process is not None
        return self.process.poll() == -signal.SIGKILL

    def end(self) -> None:
        """End the process, if it still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def serve(home: str, database_url: str, port: str) -> None:
    """Serve the application until the process is killed, by itself where it was told to."""
    app = create_app(Settings(home=Path(home), database_url=database_url, clock=DEMO_CLOCK))
    whole, told = app.wsgi_app, Path(home) / LAST_WORDS

    def mortal(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        answer = whole(environ, start)
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].startswith("/api/answers") and told.exists():
            told.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    app.wsgi_app = mortal  # type: ignore[assignment]  # Flask's own way to wrap itself
    make_server("127.0.0.1", int(port), app, threaded=True).serve_forever()


if __name__ == "__main__":
    serve(*sys.argv[1:])
