"""Draws the two pictures of docs/qgis.md with QGIS: `python -m tests.qgis.pictures [FOLDER]`."""

import logging
import sys
import tempfile
from pathlib import Path

from tests.browser.page_pictures import FOLDER, running_demo
from tests.qgis.showing import has_qgis, show


def main(folder: Path) -> None:
    """Let QGIS draw into the folder; where it is missing its pictures stay as they are."""
    if not has_qgis():
        print(
            "QGIS is not here, so its pictures stay as they are: apt-get install --no-install-recommends python3-qgis"
        )
        return
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_demo() as (app, url, _owner_url), tempfile.TemporaryDirectory() as made:
        show(app, url, Path(made))
        for picture in sorted(Path(made).glob("*.jpg")):
            (folder / picture.name).write_bytes(picture.read_bytes())
            print(picture.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
