"""Holidays and make-up working days of the years that gridmap brings along, as the State Council announced them.

Written from chinesecalendar 1.11.0 (MIT). They are rows and no dependency: an office without internet gets no newer
package, and it edits its own days.
"""

from datetime import date, timedelta

SOURCE = "国务院办公厅通知（chinesecalendar 1.11.0）"
RUNS = (
    # first and last day, kind, name
    ("2025-01-01", "2025-01-01", "holiday", "元旦"),
    ("2025-01-26", "2025-01-26", "workday", "春节调休"),
    ("2025-01-28", "2025-02-04", "holiday", "春节"),
    ("2025-02-08", "2025-02-08", "workday", "春节调休"),
    ("2025-04-04", "2025-04-06", "holiday", "清明节"),
    ("2025-04-27", "2025-04-27", "workday", "劳动节调休"),
    ("2025-05-01", "2025-05-05", "holiday", "劳动节"),
    ("2025-05-31", "2025-06-02", "holiday", "端午节"),
    ("2025-09-28", "2025-09-28", "workday", "国庆节调休"),
    ("2025-10-01", "2025-10-05", "holiday", "国庆节"),
    ("2025-10-06", "2025-10-06", "holiday", "中秋节"),
    ("2025-10-07", "2025-10-08", "holiday", "国庆节"),
    ("2025-10-11", "2025-10-11", "workday", "国庆节调休"),
    ("2026-01-01", "2026-01-03", "holiday", "元旦"),
    ("2026-01-04", "2026-01-04", "workday", "元旦调休"),
    ("2026-02-14", "2026-02-14", "workday", "春节调休"),
    ("2026-02-15", "2026-02-23", "holiday", "春节"),
    ("2026-02-28", "2026-02-28", "workday", "春节调休"),
    ("2026-04-04", "2026-04-06", "holiday", "清明节"),
    ("2026-05-01", "2026-05-05", "holiday", "劳动节"),
    ("2026-05-09", "2026-05-09", "workday", "劳动节调休"),
    ("2026-06-19", "2026-06-21", "holiday", "端午节"),
    ("2026-09-20", "2026-09-20", "workday", "国庆节调休"),
    ("2026-09-25", "2026-09-27", "holiday", "中秋节"),
    ("2026-10-01", "2026-10-07", "holiday", "国庆节"),
    ("2026-10-10", "2026-10-10", "workday", "国庆节调休"),
)


def _days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


SHIPPED = tuple((day, kind, name) for first, last, kind, name in RUNS for day in _days(first, last))
"""Each day that differs from its week: the day, `holiday` or `workday`, and what for."""
