"""How the import pages call states, columns, guesses and problems. Declarations only."""

from gridmap.i18n import _

KINDS = {
    "communities": _("Communities"),
    "grids": _("Grids"),
    "estates": _("Estates"),
    "buildings": _("Buildings"),
    "facilities": _("Facilities"),
    "roads": _("Roads"),
    "water": _("Water"),
    "green": _("Green"),
    "districts": _("Districts"),
    "streets": _("Streets"),
    "people": _("People"),
}
STATES = {
    "reading": _("is being read"),
    "guessed": _("waits for your answers"),
    "checking": _("is being checked"),
    "checked": _("waits for your word"),
    "writing": _("is being written"),
    "written": _("is in the register"),
    "dropped": _("put away"),
}
BADGES = {
    "reading": "info",
    "checking": "info",
    "writing": "info",
    "guessed": "warn",
    "checked": "warn",
    "written": "ok",
    "dropped": "accent",
}
WORK = {
    "reading": _("The file is being read"),
    "checking": _("Every row is being checked"),
    "writing": _("The rows are being written"),
}
STEPS = {
    "read": _("reading the file"),
    "columns": _("finding the columns"),
    "values": _("reading the values"),
    "texts": _("reading the texts"),
    "addresses": _("looking for addresses"),
    "positions": _("reading the positions"),
    "crs": _("converting the coordinates"),
    "datum": _("comparing with known places"),
    "shapes": _("sorting the shapes"),
    "rings": _("mending the outlines"),
    "outside": _("comparing with the outline of the street"),
    "duplicates": _("looking for duplicates"),
    "write": _("writing"),
}
TARGETS = {
    "source_id": _("Id in the source"),
    "code": _("Code"),
    "name": _("Name"),
    "aliases": _("Other names"),
    "address": _("Address"),
    "community_code": _("Code of the community"),
    "grid_type": _("Type of grid"),
    "management": _("Management"),
    "property": _("Property company"),
    "origin": _("Origin of the housing"),
    "built_year": _("Year built"),
    "site_area_m2": _("Site area (declared)"),
    "floor_area_m2": _("Floor area (declared)"),
    "declared_households": _("Households (declared)"),
    "declared_population": _("Residents (declared)"),
    "declared_buildings": _("Buildings (declared)"),
    "declared_stairwells": _("Stairwells (declared)"),
    "number": _("House number"),
    "building_kind": _("Kind of building"),
    "floors": _("Storeys"),
    "floors_underground": _("Storeys underground"),
    "height_m": _("Height"),
    "facility_kind": _("Kind of facility"),
    "state": _("State"),
    "installed_on": _("Installed on"),
    "level": _("Level"),
    "line_class": _("Class"),
    "lon": _("Longitude, or x"),
    "lat": _("Latitude, or y"),
    "pair": _("Both in one cell"),
    "shape": _("The shape as text"),
}
CHANGED = TARGETS | {
    "source_key": _("Id in the source"),
    "source_kind": _("Kind in the source"),
    "class": _("Class"),
    "type": _("Type of grid"),
    "community_id": _("Community"),
    "grid_id": _("Grid"),
    "micro_grid_id": _("Micro grid"),
    "estate_id": _("Estate"),
    "property_id": _("Property company"),
    "kind": _("Kind"),
}
"""Columns of the register that a run may have changed; others are called as the file calls them."""
POSITIONS = ("lon", "lat", "pair", "shape")
"""Columns that say where a row is."""
REASONS = {
    "said": _("you said so"),
    "remembered": _("as last time"),
    "synonym": _("by its name"),
    "file": _("the file says so"),
    "fits": _("fits the file"),
    "name": _("a name says so"),
    "shift": _("fits known places"),
    "assumed": _("assumed"),
    "no": _("cannot be"),
}
DATUMS = {
    "wgs84": _("WGS 84 or CGCS2000 (GPS, surveyors, Tianditu)"),
    "gcj02": _("GCJ-02 (AMap, Tencent)"),
    "bd09": _("BD-09 (Baidu)"),
}
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GBK / GB18030", "big5": "Big5", "utf-16": "UTF-16"}
DATES = {"": _("day and month as they are told apart"), "dmy": _("the day first"), "mdy": _("the month first")}
OUTCOMES = {"accepted": _("Accepted"), "corrected": _("Mended"), "rejected": _("Left out")}
KEPT_FOR = {
    "changed": _("was changed later"),
    "used": _("something else rests on it"),
}
PROBLEMS = {
    "moved": _("Somebody has gone on with it meanwhile; this is how it stands now."),
    "step_failed": _(
        "The work on {file} broke off. Nothing was written; try it once more, or tell your administrator."
    ),
    "not_allowed": _("Your right to bring files into this street has ended; nothing was written."),
    "no_such_file": _("{file} is kept no longer; send it once more."),
    "layer_choice": _("The file holds several layers; choose one above."),
    "encoding_unknown": _("The text is neither UTF-8 nor GBK. Choose the reading below that makes sense."),
    "encoding_wrong": _("Some text is not in that encoding. Choose the reading below that makes sense."),
    "crs_missing": _("The file does not say its coordinate system. Choose the one below whose place is right."),
    "crs_contradicts": _("The file says {crs}, but its numbers are not such. Choose the system whose place is right."),
    "crs_local": _(
        "The file is in {crs}, a local system that nobody publishes. Ask for another one, or choose one below."
    ),
    "datum_hinted": _("The column {column} speaks of another datum. Choose below what its numbers are."),
    "column_missing": _("No column was recognised for what is needed. Choose it below."),
    "no_position_columns": _("No column says where the rows are. Choose one below, or another kind of register."),
    "datum_shift": _(
        "{places} places known by name lie {metres} m from here, all in one direction: {datum} explains it."
    ),
    "datum_shift_overlap": _(
        "{places} rows would lie over what is known when moved by {metres} m, all in one direction;"
        " {datum} explains it."
    ),
    "columns_unused": _("Columns that are not used ({count}): {columns}."),
    "sheets_left_out": _("Only sheet {sheet} was read; others: {sheets}."),
    "too_large": _("{file} is larger than {megabytes} MB; split it."),
    "no_file": _("Choose a file first."),
    "no_kind": _("Choose what the rows are."),
    "reason_needed": _("Say why, in a few words."),
    "no_spot": _("Tap the place on the map first."),
    "misplaced": _("The row cannot stand there: {why}"),
    "unknown": _("There is no such run."),
    "undone": _("The run has been taken back already."),
    "kind": _(
        "What this run has written cannot be taken back here: people, streets and districts are not rows of one street."
    ),
    "touched": _("Something of it was touched meanwhile, so nothing was taken back. Look at the list below."),
}
"""What is said here otherwise than on the command line, whose options a page does not have."""
