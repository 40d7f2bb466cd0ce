"""An installation as a person has one, for the tests of its care: the commands as typed, and rows that are awkward."""

import socket
from pathlib import Path

from click.testing import CliRunner, Result

from gridmap.commands import main


def run(home: Path, *arguments: str, **environment: str) -> Result:
    """`gridmap ARGUMENTS` on the installation in `home`."""
    return CliRunner(env={"GRIDMAP_HOME": str(home), **environment}).invoke(main, list(arguments))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


AWKWARD = """
CREATE TABLE gridmap.awkward (
    street_id int NOT NULL, id bigint NOT NULL, name text, shape geometry(Geometry, 4326),
    shape_3857 geometry GENERATED ALWAYS AS (public.ST_Transform(shape, 3857)) STORED,
    valid tstzrange, tags text[], extra jsonb, raw bytea, price numeric, PRIMARY KEY (street_id, id),
    EXCLUDE USING gist (street_id WITH =, id WITH =, valid WITH &&)
);
ALTER TABLE gridmap.awkward ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON gridmap.awkward USING (street_id = ANY (current_setting('app.streets', true)::int[]));
GRANT SELECT (street_id, id, name) ON gridmap.awkward TO gridmap_app;
INSERT INTO gridmap.awkward (street_id, id, name, shape, valid, tags, extra, raw, price)
SELECT 1 + n % 3, n,
    CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'花苑\\t一号\\n"楼' WHEN 3 THEN '\\N' ELSE '𠮷' END,
    CASE WHEN n % 7 = 0 THEN NULL ELSE ST_SetSRID(ST_MakePoint(116 + n / 3.0, 39.123456789012345), 4326) END,
    tstzrange('2026-03-16 09:00+08', CASE WHEN n % 2 = 0 THEN NULL ELSE timestamptz '2026-04-01 00:00+08' END),
    ARRAY[n::text, NULL, 'a,b'], jsonb_build_object('n', n, 'text', 'a"b'), decode(md5(n::text), 'hex'), n / 7.0
FROM generate_series(1, 500) n;
"""
