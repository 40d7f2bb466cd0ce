"""What the demo's planner has brought in: a list with faults, by the same way as every other file."""

import tempfile
from pathlib import Path

from gridmap.accounts import actor
from gridmap.clock import Clock
from gridmap.db import SYSTEM, Database
from gridmap.demo.lamps import FILE, LAMPS, SOURCE, STREET

STANDING = """
SELECT a.id AS account, s.id AS street,
  EXISTS (SELECT FROM gridmap.import_run r WHERE r.street_id = s.id AND r.file_name = %(file)s) AS is_in
FROM gridmap.account a, gridmap.street s WHERE a.username = 'planner' AND s.code = %(street)s AND s.is_demo
"""


def bring_in_lamps(database: Database, clock: Clock) -> None:
    """Load the list as the planner, once: some rows go in, some are mended, and some wait to be placed by hand."""
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(STANDING, {"file": FILE, "street": STREET}).fetchone()
    if row is None or row["is_in"]:
        return
    from gridmap.load import KINDS, Options, check, read_file
    from gridmap.load.store import read_known, store

    options = Options(source=SOURCE)
    with database.transaction(SYSTEM) as connection:
        known = read_known(connection, row["street"])
    with tempfile.TemporaryDirectory(prefix="gridmap-") as folder:
        path = Path(folder) / FILE
        path.write_text(LAMPS, encoding="utf-8")
        checked = check(read_file(path, KINDS["facilities"], options), options, known)
        store(database, actor(clock, row["account"]), [checked], street_id=row["street"])
