"""Taking cases a level up by themselves: those of whose time 80 % is used; each level has its own clock."""

import logging
from functools import partial

import psycopg

from gridmap.accounts import Actor
from gridmap.db import SYSTEM, Database
from gridmap.incidents.acting import Act, act
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.incidents.machine import Action
from gridmap.people.attempt import attempt

log = logging.getLogger("gridmap.work")
TIME_USED = "time_used"
"""The reason of a case that went up because most of its time was used."""
AT_ONCE = 500
DUE = """
SELECT id, revision FROM gridmap.incident
WHERE warn_at <= %(now)s AND state NOT IN ('closed', 'rejected', 'duplicate') AND running_since IS NOT NULL
ORDER BY warn_at, id LIMIT %(most)s
"""


def escalate_due(database: Database, by: Actor) -> int:
    """Take each case a level up that is to go there by now, each in a transaction of its own; how many did.

    `by` is the office itself (no account). Doing it again at once does nothing: the next level's clock has begun.
    """
    with database.transaction(SYSTEM) as connection:
        rows = connection.execute(DUE, {"now": by.business_at, "most": AT_ONCE}).fetchall()
    done = 0
    for row in rows:
        # with the revision that was due: two rounds at the same moment take it up once
        up = Act(incident_id=row["id"], revision=row["revision"], action=Action.ESCALATE, reason=TIME_USED)
        try:
            attempt(database, SYSTEM, partial(act, by=by, one=up))
        except (CaseChanged, IncidentProblem, LookupError):
            # somebody was faster: handled, closed or taken up meanwhile; what is still due comes with the next round
            continue
        except psycopg.OperationalError:
            raise
        except psycopg.Error:
            # one that cannot be written must not keep back all that come after it
            log.exception("case %s could not be taken a level up", row["id"])
            continue
        done += 1
    return done
