"""`/rota/<id>/swap`: an evening given away, one tap to ask and one to agree; open evenings filled."""

from collections.abc import Sequence

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.analysis.rota import Offer, Turn, offers
from gridmap.db.pools import Row
from gridmap.i18n import WEEKDAYS, _
from gridmap.read.rota import Evening, State, read_asks, read_state
from gridmap.rota import RotaProblem, Wish, answer_swap, ask_swap, take_turn
from gridmap.rota.swapping import missing_on
from gridmap.rota.words import LACKS
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.rota.guard import for_group, leads_rota, run, shown_rota, words_of

FIRST, MOST = 6, 60
"""So many offers are shown at once, and so many when asked for more."""
ONLY_EVENS = _("evens out how often everybody comes")
KEEPS = _("turns stay as even as before")
MORE = _("{name} comes once more than planned")
WEEKDAY_WORSE = _("weekdays become less even")
NEARER = _("nearer to another evening")
FURTHER = _("further from other evenings")


@pages.route("/rota/<int:rota_id>/swap", methods=["GET", "POST"])
@for_group
def rota_swap(rota_id: int) -> str | Response | tuple[str, int]:
    """The best offers for an evening, each with one button; `turn` and `giver` of the address say which evening."""
    row = shown_rota(rota_id)
    if request.method == "GET":
        return _page(row)
    try:
        done = _do(typed("what", 10))
    except KeyError:
        abort(400)
    except RotaProblem as problem:
        sentence, status = words_of(problem)
        return _page(row, sentence), status
    is_own = context.viewer().person_id in row["people"]
    address = url_for("pages.my_rota", done=done) if is_own else url_for("pages.rota", rota_id=rota_id, done=done)
    return redirect(address, 303)


def _do(what: str) -> str:
    """Do what the form says, and give the word for what was done. Raises RotaProblem, KeyError."""
    if what == "take":
        turn_id = number(request.form, "turn") or 0
        person = number(request.form, "person") or context.viewer().person_id or 0
        run(lambda connection: take_turn(connection, actor(), turn_id, person))
        return "rota_taken"
    if what == "ask":
        wish = Wish(
            turn_id=number(request.form, "turn") or 0,
            giver_id=number(request.form, "giver") or 0,
            taker_id=number(request.form, "taker") or 0,
            other_turn_id=number(request.form, "other"),
        )
        run(lambda connection: ask_swap(connection, actor(), wish))
        return "swap_asked" if wish.giver_id == context.viewer().person_id else "swap_done"
    swap_id = number(request.form, "swap") or 0
    done = {"agree": "swap_done", "decline": "swap_declined", "withdraw": "swap_withdrawn"}[what]
    run(lambda connection: answer_swap(connection, actor(), swap_id, what))
    return done


def _page(row: Row, problem: str = "") -> str:
    viewer, now = context.viewer(), context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        state = read_state(connection, row, now)
        asks = read_asks(connection, viewer.person_id, now) if viewer.person_id else []
    may = leads_rota(row)
    evening, giver = _asked_evening(state, may=may)
    everybody_free = _free(state, evening) if evening else []
    found: Sequence[Offer] = ()
    if evening is not None and giver is not None:
        found = offers(state.rota, giver, evening.day, now)[:MOST]
    return render_template(
        "rota/swap.html",
        row=row,
        evening=evening,
        giver=giver,
        is_mine=giver == viewer.person_id,
        names=state.names,
        offers=[(one, _words(one, state)) for one in found],
        turn_on={day: one.id for day, one in state.evenings.items()},
        first=FIRST,
        asks=[one for one in asks if one["rota_id"] == row["id"]],
        asked={one["taker_id"] for one in asks if evening is not None and one["turn_id"] == evening.id},
        missing=missing_on(state, evening) if evening else 0,
        free=[one for one in everybody_free if may or one[0] == viewer.person_id],
        many_free=len(everybody_free),
        lack=_lack(state, evening),
        lacks=LACKS,
        weekday_words=WEEKDAYS,
        mine=[one for one in state.evenings.values() if viewer.person_id in one.people],
        may=may,
        own_person=viewer.person_id,
        problem=problem,
    )


def _asked_evening(state: State, *, may: bool) -> tuple[Evening | None, int | None]:
    """The evening that the address asks about and who would be rid of it; else one's own next one."""
    own, turn_id = context.viewer().person_id, number(request.values, "turn")
    if turn_id is None:
        mine = [one for one in state.evenings.values() if own in one.people]
        return (mine[0], own) if mine else (None, None)
    evening = state.evening(turn_id)
    if evening is None:
        return None, None
    wanted = number(request.values, "giver") if may else own
    if wanted is None and may and evening.people:
        wanted = own if own in evening.people else evening.people[0]
    return evening, wanted if wanted in evening.people else None


def _free(state: State, evening: Evening) -> list[tuple[int, str]]:
    """Who could fill a gap of the evening: (person, name), those with the fewest evenings first; never how many."""
    if missing_on(state, evening) < 1:
        return []
    turn = Turn(evening.starts_at, evening.ends_at, evening.needed)
    found = [
        (sum(state.rota.had(person.id)), state.names.get(person.id, "?"), person.id)
        for person in state.rota.people.values()
        if person.id not in evening.people and person.hindrance(turn) is None
    ]
    return [(person, name) for _had, name, person in sorted(found)][:MOST]


def _lack(state: State, evening: Evening | None) -> str | None:
    """Why somebody is missing on the evening; who has it and is away by now is on leave, whatever the plan said."""
    if evening is None or not missing_on(state, evening):
        return None
    return "on_leave" if missing_on(state, evening) > evening.missing else evening.reason


def _words(offer: Offer, state: State) -> list[str]:
    """Why the offer stands where it stands."""
    name = state.names.get(offer.swap.taker, "?")
    totals = ONLY_EVENS if offer.totals < 0 else KEEPS if offer.totals == 0 else MORE
    found = [say(totals, name=name)]
    if offer.totals == 0 and offer.weekdays > 0:
        found.append(say(WEEKDAY_WORSE))
    if offer.near:
        found.append(say(NEARER if offer.near > 0 else FURTHER))
    return found
