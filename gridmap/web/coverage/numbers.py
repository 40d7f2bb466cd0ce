"""`/coverage/numbers`: the catalogue of numbers, each with its formula, its SQL, and the way to its rows."""

from dataclasses import dataclass, replace
from typing import Any

from flask import abort, render_template

from gridmap import context
from gridmap.kpi import KPIS, REGISTER_BY_NAME, REGISTERS, Kpi, RegisterKpi
from gridmap.read.coverage import count_quickly, read_counted, read_measure, read_names
from gridmap.read.coverage.counts import quick_statement
from gridmap.read.coverage.registers import measure_statement, register_cuts
from gridmap.scope import Viewer
from gridmap.shares import share_words
from gridmap.web.areas import areas_of
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, say, typed
from gridmap.web.coverage.question import Question, asked_question, given, key_of
from gridmap.web.remembered import remembered, version_of

REGISTER_FOLLOWS = ("streets", "communities", "buildings", "stairwells", "facilities", "organisations")
"""What the numbers of the register are made of, beside due work."""
MOST_STREETS = 12


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number of the catalogue as people read it."""

    kpi: Kpi | RegisterKpi
    words: str
    made_of: str
    rows_address: str
    sql: str


@pages.get("/coverage/numbers")
def coverage_numbers() -> str:
    """Every number for what the viewer chose, with how it is counted."""
    viewer = context.viewer()
    question = _narrowed(viewer, asked_question())
    key = (*key_of(viewer, question, "numbers", context.locale()), _register_version(viewer))
    numbers, inside = remembered(key, lambda: _read(viewer, question))
    return render_template(
        "coverage/numbers.html", question=question, numbers=numbers, inside=inside, streets=areas_of(viewer), **given()
    )


@pages.get("/coverage/numbers/<name>")
def coverage_number(name: str) -> Any:
    """The rows behind a number of the register; those of due work have pages of their own."""
    viewer, page = context.viewer(), page_number()
    question = _narrowed(viewer, asked_question())
    kpi = REGISTER_BY_NAME.get(name)
    if kpi is None or not viewer.reading_roles <= kpi.seen_by:
        abort(404)
    missing = typed("missing", 1) != "0"
    with context.services().database.transaction(viewer.prologue) as connection:
        measure = read_measure(connection, viewer, question.cut, kpi, question.moment)
        found = read_counted(
            connection,
            viewer,
            question.cut,
            kpi,
            question.moment,
            missing=missing,
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
        inside = read_names(connection, viewer, question.cut)
    return render_template(
        "coverage/number.html",
        question=question,
        kpi=kpi,
        measure=measure,
        words=_words_of(kpi, measure.part, measure.whole, measure.value),
        missing=missing,
        rows=found[:PAGE_SIZE],
        has_more=len(found) > PAGE_SIZE,
        page=page,
        inside=inside,
        **given(),
    )


def _read(viewer: Viewer, question: Question) -> tuple[list[Number], tuple[tuple[str, str], ...]]:
    cut, shape = question.cut, viewer.reach.shape
    numbers: list[Number] = []
    with context.services().database.transaction(viewer.prologue) as connection:
        for kpi in KPIS:
            part, whole = count_quickly(connection, viewer, cut, kpi)
            sql, _constants = quick_statement(shape, cut.by, kpi.name)
            address = question.address("/coverage/rows", kpi=kpi.name, reason=None, missing=_first(kpi))
            numbers.append(_number(kpi, share_words(part, whole), part, whole, address, sql))
        for register in REGISTERS:
            if not viewer.reading_roles <= register.seen_by:
                continue
            measure = read_measure(connection, viewer, cut, register, question.moment)
            sql, _constants = measure_statement(shape, register_cuts(cut), register.name)
            words = _words_of(register, measure.part, measure.whole, measure.value)
            shown = 1 if register.measure == "share" else 0
            address = question.address(f"/coverage/numbers/{register.name}", reason=None, kind=None, missing=shown)
            numbers.append(_number(register, words, measure.part, measure.whole, address, sql))
        return numbers, read_names(connection, viewer, cut)


def _first(kpi: Kpi) -> int:
    """Which rows a number opens with: what it lacks, or, of what is late and excused, what it counts."""
    return 0 if kpi.name in ("late", "excused") else 1


def _number(kpi: Kpi | RegisterKpi, words: str, part: int, whole: int, address: str, sql: str) -> Number:
    is_share = isinstance(kpi, Kpi) or kpi.measure == "share"
    made_of = f"{part:,} ÷ {whole:,}" if is_share else say("{count} loads", count=f"{whole:,}")
    return Number(kpi=kpi, words=words, made_of=made_of, rows_address=address, sql=sql)


def _words_of(kpi: RegisterKpi, part: int, whole: int, value: object) -> str:
    if kpi.measure == "share":
        return share_words(part, whole)
    return "—" if value is None else f"{value} {kpi.unit}".strip()


def _narrowed(viewer: Viewer, question: Question) -> Question:
    """Cut to one street where the viewer sees very many: nobody waits for the register of a whole city."""
    areas = areas_of(viewer)
    if question.narrowest is not None or len(areas) <= MOST_STREETS:
        return question
    return replace(question, cut=replace(question.cut, street=areas[0].street_id))


def _register_version(viewer: Viewer) -> tuple[int, ...]:
    return version_of(REGISTER_FOLLOWS, None if viewer.reach.is_city else viewer.reach.near)
