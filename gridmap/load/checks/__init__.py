"""The twenty faults of real files, one file each; `CASES` numbers them as the documentation does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One fault: its number, the module that meets it, what is wrong, and what the importer does about it."""

    number: int
    module: str
    wrong: str
    answer: str


CASES = (
    Case(1, "encoding", "GBK text without a .cpg, or with a wrong one", "strict UTF-8, then strict GB18030, else ask"),
    Case(2, "datum", "GCJ-02 or BD-09 stored as WGS 84", "convert as said, refuse a hint, report a constant shift"),
    Case(
        3, "crs", "no .prj, a wrong one, an old datum, a city's grid", "refuse and offer candidates with their places"
    ),
    Case(4, "swapped", "latitude and longitude swapped in some rows", "turn them, mark as corrected"),
    Case(5, "no_position", "0,0, nothing, telephone numbers as coordinates", "list, never draw"),
    Case(6, "outside", "geocoded in another province", "refuse beyond the outline plus 2 km"),
    Case(7, "rings", "unclosed, too short or crossing rings", "close, repair, keep polygons, tell changes of area"),
    Case(8, "unreadable", "one bad geometry hides a whole file", "read on, list the row"),
    Case(9, "loose_geojson", "not quite GeoJSON", "bare lists, assignments, lines, cells; else name the byte"),
    Case(
        10,
        "shapes",
        "mixed types, multi-parts, heights, empty geometry",
        "sort by family; labels never become buildings",
    ),
    Case(11, "archives", "zips with GBK names, forks, several layers, escapes", "decode, skip, ask, refuse; bounded"),
    Case(12, "columns", "cut and abbreviated field names", "a table of synonyms; --map is stronger"),
    Case(
        13, "sheets", "title rows, merged cells, total rows, notes", "find the header, fill down, list what was dropped"
    ),
    Case(
        14, "workbooks", "formulas without value, hidden parts, old formats", "say what to do; refuse with the way out"
    ),
    Case(15, "texts", "full-width characters, odd spaces", "NFKC for values; names are shown as written"),
    Case(
        16,
        "excel_values",
        "numbers became dates, ids lost digits, identity numbers",
        "refuse the row and show both readings",
    ),
    Case(17, "angles", "degrees, minutes, seconds in many spellings", "one parser, Chinese included"),
    Case(18, "addresses", "an address only, or several in one cell", "match road + lane + number; else place by hand"),
    Case(19, "duplicates", "pieces, repeated rows and names, the same file again", "stable keys; unite, refuse, tell"),
    Case(20, "aliases", "two names for one place or time", "renamed places, bracket tails, 24:00, ambiguous days"),
)
