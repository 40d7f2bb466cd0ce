"""What came of an import, for people (a table as CSV) and for programs (one line of JSON)."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gridmap.load.check import Checked
from gridmap.load.finding import Finding, shorten
from gridmap.load.identity import hide_identity
from gridmap.load.store import Stored

COLUMNS = ("file", "place", "outcome", "code", "reason", "raw", "name")
NAMES_SHOWN = 3
_FORMULA = ("=", "+", "-", "@")


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not text.lstrip("+-").replace(".", "").isdigit() else text


def _rows(findings: Iterable[Finding], outcome: str, locale: str) -> list[tuple[str, ...]]:
    return [
        (
            _cell(finding.file),
            finding.place,
            outcome,
            finding.code,
            finding.sentence(locale),
            _cell(finding.raw),
            _cell(finding.name),
        )
        for finding in findings
    ]


def write_report(path: Path, checks: Sequence[Checked], stored: Stored | None = None, locale: str = "en") -> None:
    """Every rejected and corrected row and every warning as CSV with a byte order mark, as Excel wants it."""
    rows: list[tuple[str, ...]] = []
    for checked in checks:
        rows += _rows(checked.rejected, "rejected", locale)
        rows += _rows(checked.corrected, "corrected", locale)
        rows += _rows(checked.warnings, "warning", locale)
    if stored is not None:
        rows += _rows(stored.refused, "rejected", locale) + _rows(stored.warnings, "warning", locale)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def summary(kind: str, checks: Sequence[Checked], stored: Stored | None = None) -> dict[str, Any]:
    """The counts over all files; `read` = `accepted` + `rejected` + `merged`."""
    total: dict[str, Any] = {"kind": kind, "committed": stored is not None}
    for name in ("read", "accepted", "corrected", "rejected", "merged", "warnings"):
        total[name] = sum(checked.summary[name] for checked in checks)
    total["kept"] = list(dict.fromkeys(name for checked in checks for name in checked.kept))
    total["names"] = _names(checks)
    messages = [finding.sentence() for checked in checks for finding in checked.warnings]
    if stored is not None:
        total["accepted"] -= len(stored.refused)
        total["rejected"] += len(stored.refused)
        total["warnings"] += len(stored.warnings)
        messages += [finding.sentence() for finding in stored.warnings]
        total |= {"new": stored.new, "changed": stored.changed, "unchanged": stored.unchanged}
    return total | {"messages": messages}


def _names(checks: Sequence[Checked]) -> list[str]:
    """The first three different names of accepted rows, to see that their text was read rightly; never of people."""
    frames = [one.frame for one in checks if one.kind.shapes and "name" in one.frame]
    names = dict.fromkeys(name for frame in frames for name in frame["name"] if isinstance(name, str) and name)
    return [shorten(hide_identity(name)) for name in list(names)[:NAMES_SHOWN]]


def summary_line(total: dict[str, Any]) -> str:
    """The summary as one line of JSON."""
    return json.dumps(total, ensure_ascii=False)


def reasons(checks: Sequence[Checked], stored: Stored | None = None) -> list[tuple[str, int, Finding]]:
    """(outcome, how often, the first finding) of each code, rejections first and the most frequent first."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    refused = stored.refused if stored else []
    for outcome, findings in (
        ("rejected", [*(finding for checked in checks for finding in checked.rejected), *refused]),
        ("corrected", [finding for checked in checks for finding in checked.corrected]),
    ):
        for finding in findings:
            groups.setdefault((outcome, finding.code), []).append(finding)
    listed = [(outcome, len(found), found[0]) for (outcome, _), found in groups.items()]
    return sorted(listed, key=lambda item: (item[0] != "rejected", -item[1]))
