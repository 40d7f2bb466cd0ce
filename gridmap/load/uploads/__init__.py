"""Files that people bring by the page: read, looked at, judged and written by background work, each step once."""

from gridmap.load.uploads.kinds import PAGE_KINDS
from gridmap.load.uploads.states import (
    BUSY,
    UploadProblem,
    ask_undo,
    confirm,
    drop,
    look_again,
    preview,
    read_progress,
    read_upload,
    receive,
    start_anew,
)
from gridmap.load.uploads.working import import_worker, undo_worker

__all__ = [
    "BUSY",
    "PAGE_KINDS",
    "UploadProblem",
    "ask_undo",
    "confirm",
    "drop",
    "import_worker",
    "look_again",
    "preview",
    "read_progress",
    "read_upload",
    "receive",
    "start_anew",
    "undo_worker",
]
