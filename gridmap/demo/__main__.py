"""`python -m gridmap.demo [FOLDER]` writes the demo's files anew, byte for byte the same."""

import sys
from pathlib import Path

from gridmap.demo.files import demo_folder
from gridmap.demo.generate import generate


def main() -> None:
    """Generates into the folder that is given, or over the committed files; prints the counts."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else demo_folder()
    for subject, count in generate(folder).items():
        sys.stdout.write(f"{subject:22}{count:7,}\n")


if __name__ == "__main__":
    main()
