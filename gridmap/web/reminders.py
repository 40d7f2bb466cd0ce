"""`/reminders`: texts for chat groups, ready to copy. They name places and never people."""

from datetime import date

from flask import abort, render_template, request

from gridmap import context
from gridmap.i18n import _, translate
from gridmap.layer import Role
from gridmap.read.reminders import Group, OpenDoor, read_open_communities, read_open_places
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages

REMINDING = frozenset({Role.WORKER, Role.LEADER})
"""Who speaks in the groups of estates."""
MOST_HOUSES = 60
"""Up to so many buildings are named one by one; of more it is said how many."""
HEAD = _("Reminder, {day}: these places are still to be looked at this month, please do so by {until}.")
FOOT = _("{places} places in all. Thank you!")
DOOR_TIMES = _("{door} ({count})")
VISITS = _("{door}: {count} households")
MORE = _("and {count} more buildings")


@pages.get("/reminders")
def reminders() -> str:
    """The texts of one community, an estate each; before one is chosen, the communities with open places."""
    viewer, community_id = context.viewer(), number(request.args, "community")
    if not viewer.roles & REMINDING:
        abort(403)
    if community_id is not None and community_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        communities = read_open_communities(connection, viewer, today())
        if community_id is None and len(communities) == 1:
            community_id = communities[0].id
        groups = read_open_places(connection, viewer, community_id, today()) if community_id is not None else ()
    locale = context.locale()
    return render_template(
        "reminders.html",
        communities=communities,
        chosen=next((one for one in communities if one.id == community_id), None),
        texts=[(group, text_of(group, today(), locale)) for group in groups],
    )


def text_of(group: Group, day: date, locale: str) -> str:
    """The text for the group of one estate: its open places by building, in walking order."""
    houses: dict[str, list[OpenDoor]] = {}
    for door in group.doors:
        houses.setdefault(door.house or "", []).append(door)
    lines = [translate(locale, HEAD, day=day.isoformat(), until=group.due_on.isoformat())]
    if group.name:
        lines.insert(0, f"【{group.name}】" if locale == "zh" else f"[{group.name}]")
    lines += [_line(house, doors, locale) for house, doors in list(houses.items())[:MOST_HOUSES]]
    if len(houses) > MOST_HOUSES:
        lines.append(translate(locale, MORE, count=len(houses) - MOST_HOUSES))
    lines.append(translate(locale, FOOT, places=len(group.doors)))
    return "\n".join(lines)


def _line(house: str, doors: list[OpenDoor], locale: str) -> str:
    comma = translate(locale, _(", "))
    words = comma.join(_door_words(door, locale) for door in doors)
    return f"{house} {words}".strip()


def _door_words(door: OpenDoor, locale: str) -> str:
    words = door.name
    if door.checks > 1:
        words = translate(locale, DOOR_TIMES, door=words, count=door.checks)
    if door.households:
        words = translate(locale, VISITS, door=words, count=door.households)
    return words
