"""The 15th of each month (接待日, “红色物管”例会): on which day it is held where the 15th is no working day.

One answer for the reception day and for the meeting. Source: both are fixed to the 15th of each month, and nothing is
said of holidays, so the day stays unless the office has said otherwise.
"""

from datetime import date

from gridmap.db.pools import Connection
from gridmap.periods import Calendar, HolidayRule, due_on, month_of

FIFTEENTH = 15
RECEPTION, MEETING = "reception_day", "red_property_meeting"
"""Kinds of the duties that are held on the 15th."""
SETTING = "reception_holiday_rule"
"""Key in the settings of a street: where the day goes, where no duty says it."""
RULE = """
SELECT coalesce((
  SELECT d.holiday_rule FROM gridmap.duty d
  WHERE d.street_id = s.id AND d.kind = ANY (%(kinds)s) AND d.fixed_day = %(fixed)s AND d.valid @> %(day)s::date
  ORDER BY d.kind = %(kind)s DESC, lower(d.valid) DESC, d.id LIMIT 1
), s.settings ->> %(setting)s::text) AS rule
FROM gridmap.street s WHERE s.id = %(street)s
"""


def day_of_month(
    connection: Connection, street_id: int, month: date, calendar: Calendar, kind: str = RECEPTION
) -> date:
    """The day on which the street holds its reception (or, by `kind`, its meeting) in the month in which `month` lies.

    Where the 15th goes says the duty of that kind, which asks whether the day was held; else the duty of the other
    kind, else the setting of the street, else it stays.
    """
    values = {
        "street": street_id,
        "kind": kind,
        "kinds": [RECEPTION, MEETING],
        "fixed": FIFTEENTH,
        "setting": SETTING,
        "day": month.replace(day=FIFTEENTH),
    }
    row = connection.execute(RULE, values).fetchone()
    return moved_fifteenth(month, holiday_rule(row["rule"] if row else None), calendar)


def holiday_rule(said: str | None) -> HolidayRule:
    """The rule of that name; the day stays where nothing, or no such thing, is said."""
    return HolidayRule(said) if said in set(HolidayRule) else HolidayRule.STAY


def moved_fifteenth(month: date, rule: HolidayRule, calendar: Calendar) -> date:
    """The 15th of the month in which `month` lies, moved by the rule where it is no working day."""
    return due_on(month_of(month), FIFTEENTH, rule, calendar)
