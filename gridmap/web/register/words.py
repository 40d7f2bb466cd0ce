"""What the pages of the register say: refusals, steps, faults, states."""

from collections.abc import Mapping
from typing import Any

from gridmap.i18n import _
from gridmap.places.shapes import ShapeProblem
from gridmap.web.blueprint import pages, say

PROBLEMS: Mapping[str, str] = {
    "nothing": _("Draw it on the map first: nothing has been drawn yet."),
    "long": _("This text is too long for one shape."),
    "no_geojson": _("This is no GeoJSON. It begins with a curly bracket and has a type and coordinates."),
    "several": _("A collection holds one shape here, not several."),
    "not_an_area": _("This has to be an area: a polygon with at least three corners."),
    "not_a_point": _("This has to be a single point."),
    "corners": _("An area needs at least three different corners, each of longitude and latitude."),
    "line": _("A line needs at least two different points, each of longitude and latitude."),
    "many": _("More than {most} corners: draw it more simply."),
    "degrees": _("These are no degrees: longitude comes first, then latitude."),
    "crossing": _("The outline crosses itself. Move the corner that lies on the wrong side."),
    "small": _("This is only {area} m²: too small. Draw it larger."),
    "large": _("This is {area} m²: too large. Draw it smaller."),
    "not_across": _("The line does not cut anything off. Draw it from one side to the other, over both edges."),
    "many_pieces": _("The line makes more than {most} pieces. Draw it more simply."),
    "sliver": _("The line leaves a piece of less than 1 m². Draw it farther from the edge, or on it."),
    "not_beside": _("They do not lie side by side, so they cannot become one."),
    "nobody_takes": _("{area} m² would belong to no grid, since no other grid lies beside them."),
    "swallowed": _("Nothing would be left of “{name}”. Merge the two instead."),
    "in_pieces": _("“{name}” would fall into separate pieces. Draw it so that each grid stays in one piece."),
    "outside": _("It lies outside of {area}."),
    "two_alike": _("Choose at least two of the same kind."),
    "heir": _("Choose the grid beside it that takes over its ground."),
    "no_shape": _("“{name}” has no shape on the map yet. Draw it first."),
    "kind": _("Choose what it is."),
    "building": _("Choose a building that lies on the map."),
    "there_already": _("The building belongs there already, or lies in no grid."),
    "name": _("It needs a name of at most {most} characters."),
    "code": _("The code of a grid is {head} and three digits."),
    "long_code": _("A code has at most {most} characters, on one line."),
    "taken": _("The code {code} is taken."),
    "no_code": _("All 999 codes of the community are used."),
    "many_steps": _("This draft has {most} steps already. Publish it, then go on."),
    "not_yours": _("This is not yours to do: the draft is for planners and leaders, publishing for who leads there."),
    "why": _("Say why, in at most {most} characters."),
    "date": _("Choose today or a later day, within a year."),
    "empty": _("Nothing has been drawn."),
    "faulty": _("The plan cannot hold: its certificate names {count} new faults. Mend them first."),
    "changed": _("Somebody else has changed this in the meantime. Look at it as it is now, then do it again."),
    "changed_names": _("Changed by somebody else in the meantime: {names}. Look at them, then draw it again."),
    "no_step": _("There is no step to take back, or to take again."),
    "has_draft": _("Another draft is being drawn here. Publish it or throw it away first."),
    "undo_of_undo": _("This edition is an undo itself. Draw what you want instead."),
}
STATUSES = {"changed": 409, "not_yours": 403, "faulty": 409, "no_step": 409, "has_draft": 409, "undo_of_undo": 409}
STEPS: Mapping[str, str] = {
    "split": _("{of} split into {into}"),
    "merge": _("{of} merged into {into}"),
    "correct": _("The outline of {of} corrected"),
    "draw": _("{into} drawn"),
    "end": _("{of} ended"),
    "rename": _("{of} is called {into} now"),
    "renumber": _("Numbered anew: {count} codes"),
    "move": _("{of} moved to {into}"),
    "again": _("What an undone edition had made, drawn again"),
    "undo": _("Undo of an earlier edition"),
    "recalled": _("Called back before its day"),
    "returned": _("Could not begin on its day, and is a draft again"),
}
STATES: Mapping[str, str] = {
    "draft": _("Draft"),
    "waiting": _("Waits for its day"),
    "published": _("Published"),
    "undone": _("Undone"),
}
FAULTS: Mapping[str, str] = {
    "gap": _("Ground in no grid"),
    "overlap": _("Two grids on the same ground"),
    "homeless": _("A building in no grid"),
    "double": _("A building in two grids"),
    "inner_gap": _("Ground of a grid in none of its micro grids"),
    "inner_overlap": _("Two micro grids on the same ground"),
    "stray": _("A micro grid reaches beyond its grid"),
}
KINDS: Mapping[str, str] = {
    "grid": _("Grid"),
    "estate": _("Estate"),
    "building": _("Building"),
    "stairwell": _("Stairwell"),
    "facility": _("Facility"),
}
TYPES: Mapping[str, str] = {
    "basic": _("Basic grid"),
    "dedicated": _("Dedicated grid"),
    "micro": _("Micro grid"),
}
NUMBERS: Mapping[str, str] = {
    "buildings": _("Buildings"),
    "stairwells": _("Stairwells"),
    "facilities": _("Facilities"),
    "people": _("People whose places go on"),
    "slots": _("Checks that are due"),
    "cases": _("Open cases"),
    "rotas": _("Rows of rotas"),
    "accounts": _("Accounts that get the new grids"),
}


def problem_words(problem: ShapeProblem) -> tuple[str, int]:
    """The sentence of a refusal, and its status."""
    status = STATUSES.get(problem.reason, 422)
    if problem.reason == "changed" and problem.values.get("names"):
        names: Any = problem.values["names"]
        return say(PROBLEMS["changed_names"], names="、".join(names)), status
    return say(PROBLEMS[problem.reason], **problem.values), status


@pages.app_template_filter("tell_step")
def step_words(step: Mapping[str, Any]) -> str:
    """A step in words."""
    told = {name: "、".join(map(str, step.get(name, []))) for name in ("of", "into")}
    return say(STEPS.get(step["what"], step["what"]), **told, count=step.get("count", 0))
