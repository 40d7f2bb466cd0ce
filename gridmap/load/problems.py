"""Every sentence that the importer says, by its code; translated where it is shown."""

from collections.abc import Mapping

from gridmap.i18n import _

FILES: Mapping[str, str] = {
    "no_such_file": _("There is no file {file}."),
    "no_rows": _("The file holds no rows."),
    "unreadable_file": _("{file} cannot be read: {why}. It may be damaged; export it again from where it came from."),
    "too_large": _("{file} is larger than {megabytes} MB when unpacked; split it."),
    "too_many_plates": _("{file} holds more than {most} rows; split it."),
    "too_many_orders": _("{file} holds more than {most} orders; split it."),
    "no_features": _("There are no features in the file; it begins with {found}."),
    "not_json": _("This is no JSON: at byte {byte} stands {found}."),
    "layer_unknown": _("There is no layer or sheet {layer}; there are: {layers}."),
    "layer_choice": _("The file holds several layers; pick one with --layer: {layers}."),
    "refused_spreadsheet": _("{file} is a spreadsheet of a kind that is not read: open it and save it as .xlsx."),
    "refused_archive": _("{file} is an archive of a kind that is not read: unpack it and pack it as .zip."),
    "refused_mapinfo": _("{file} is a MapInfo file: export it as GeoPackage, for example with QGIS."),
    "refused_drawing": _("{file} is a drawing or a desktop database: export the layer as GeoPackage or Shapefile."),
    "refused_unknown": _("{file} is of a kind that is not read: export it as GeoPackage, GeoJSON, .xlsx or .csv."),
    "refused_document": _("{file} is a document: put the table into .xlsx or .csv."),
    "workbook_locked": _(
        "{file} has a password or is an old workbook under a new name: save it as .xlsx without password."
    ),
    "zip_escape": _("The archive holds a path that leads out of it: {member}."),
    "zip_members": _("The archive holds more than {most} files."),
    "zip_empty": _("{file} holds nothing that can be loaded."),
    "osm_kind": _("OpenStreetMap has no {kind}; from such a file can be loaded: {kinds}."),
    "encoding_unknown": _(
        "The text is neither UTF-8 nor GB18030. Choose the reading that makes sense with --encoding:\n{cells}"
    ),
    "encoding_wrong": _(
        "Some text is not in {encoding}. Choose the reading that makes sense with --encoding:\n{cells}"
    ),
    "encoding_word": _("{encoding} is not the name of an encoding; use utf-8, gb18030 or big5."),
    "text_garbled": _(
        "The text of {file} has lost its characters before it came here: {cells}. Export it again as UTF-8."
    ),
    "crs_missing": _(
        "{file} does not say its coordinate system; a position in it is {x}, {y}. Say which it is:\n{candidates}"
    ),
    "crs_contradicts": _(
        "{file} says {crs}, but its numbers are not such: {x}, {y}. Say the right system:\n{candidates}"
    ),
    "crs_local": _(
        "{file} is in {crs}, a local system without public parameters. Ask for another system:\n{candidates}"
    ),
    "crs_word": _("{crs} is not a coordinate system; write for example EPSG:4549."),
    "datum_hinted": _(
        "The column {column} says {datum}. Say --datum {datum}, or --datum wgs84 if it has been converted already."
    ),
    "no_position_columns": _(
        "No column holds positions. Name them with --map lon=COLUMN --map lat=COLUMN; {kind} need a place."
    ),
    "street_unknown": _("There is no street {code}. Known: {known}. Make one with --new-street CODE,NAME."),
    "street_needed": _("Say into which street: --street CODE, or --new-street CODE,NAME."),
    "street_word": _("{given} should be a 9-digit code, a comma and a name."),
    "street_twice": _("Say --street or --new-street, not both."),
    "street_not_for": _("{kind} cannot make a street; use --street CODE, or nothing for districts and streets."),
    "no_files": _("Name at least one file."),
    "template_kind": _("There is a template for people only: gridmap load people --template FILE.xlsx."),
    "template_name": _("The template is an Excel workbook; its name should end in .xlsx."),
    "map_word": _("{given} should be target=column."),
    "nothing_within": _("{file} holds no outline to stay within."),
    "map_target": _("--map {target}=…: there is no such column here; there are: {targets}."),
    "map_source": _("--map …={column}: the file has no such column; it has: {columns}."),
    "keep_source": _("--keep {column}: the file has no such column; it has: {columns}."),
    "keep_people": _("Of people nothing is kept beside the columns of the template; leave --keep out."),
    "column_missing": _("No column was recognised for {wanted}. Name it with --map; the file has: {columns}."),
}
"""What ends an import."""

ROWS: Mapping[str, str] = {
    "no_geometry": _("The row has no geometry."),
    "unreadable_geometry": _("The geometry cannot be read."),
    "empty_geometry": _("The geometry is empty."),
    "wrong_shape": _("A {shape} cannot be one of the {kind}."),
    "label_point": _("A label point, not an outline: {kind} are not made from it."),
    "mixed_collection": _("Points, lines and areas in one geometry; split them."),
    "ring_too_short": _("A ring has fewer than three different points."),
    "ring_without_area": _("The outline encloses no area."),
    "too_wide": _("The corners lie too far apart for one outline; one of them is wrong."),
    "osm_incomplete": _("Some of its nodes or members lie outside of the extract, so that its outline is not known."),
    "not_degrees": _("The position is no degrees after conversion from {crs}."),
    "no_position": _("The row has no coordinates."),
    "null_island": _("The coordinates are 0, 0."),
    "phone_in_coordinate": _("A telephone number stands in a column of coordinates."),
    "not_a_coordinate": _("This is not a coordinate."),
    "outside": _("More than 2 km outside of the area; to be placed by hand."),
    "to_place_by_hand": _("An address without coordinates that no known place has; to be placed by hand."),
    "identity_number": _("An identity number in column {column_name}: identity numbers are not imported."),
    "became_date": _("A spreadsheet has turned the text into a date: {number} or {date}? Write it as text."),
    "digits_lost": _("A long number has lost its last digits in a spreadsheet. Write it as text."),
    "code_wrong": _("The code in column {column} should have {digits} digits."),
    "value_missing": _("The column {column} is empty."),
    "class_unknown": _("The class is not one of: {classes}."),
    "duplicate_id": _("The id stands in an earlier row, of another place."),
    "duplicate_code": _("The code stands in an earlier row."),
    "duplicate_name": _("The name stands in an earlier row; give both an id, or different names."),
    "duplicate_row": _("The same row stands earlier in the file."),
    "total_row": _("A total, not a thing; left out."),
    "note_row": _("A note, not a thing; left out."),
    "formula_without_value": _("A formula without a stored value: open the file in Excel and save it."),
    "role_unknown": _("The role is not one of: {roles}."),
    "private_phone": _("A mobile number: private phones are stored only where the office switches them on."),
    "phone_wrong": _("This is not a telephone number."),
    "example_row": _("An example of the template; left out."),
    "place_missing": _("The row names no place: community, grid, estate, building or stairwell."),
    "place_unknown": _("No {level} has the code {code}."),
    "username_wrong": _("A user name has 2 to 40 small letters, digits, dots, hyphens or underscores."),
    "holder_taken": _("Somebody else holds this role there already; end that assignment first."),
    "district_unknown": _("The district {code} is not known yet; load districts first."),
    "community_unknown": _("The community {code} is not known in this street; load communities first."),
    "person_refused": _("The register refuses the row: {word}."),
    "id_elsewhere": _("The id belongs to a thing more than 1 km away; say --source NAME if this is another source."),
    "code_taken": _("Another thing of this kind has the code already."),
    "no_building_there": _("No building of the register stands there; draw its outline in the register first."),
    "ended": _("This place has ended; draw it anew on the register if it stands again."),
}
"""Why a row was refused."""

CORRECTIONS: Mapping[str, str] = {
    "ring_closed": _("A ring was not closed; closed."),
    "ring_repaired": _("The outline crossed itself; repaired."),
    "ring_repaired_area": _("The outline crossed itself; repaired, and its area changed from {before} to {after} m²."),
    "hole_dropped": _("A hole without area was left out."),
    "swapped": _("Latitude stood before longitude; turned."),
    "merged_pieces": _("{pieces} pieces with one id were united: {rows}."),
    "value_dropped": _("The value in column {column} cannot be read; left out."),
    "placed_by_address": _("Placed where a known place with this address is."),
}

WARNINGS: Mapping[str, str] = {
    "gdal_says": _("The reader says: {said}."),
    "no_dbf": _("The shapefile came without its .dbf: there are no attributes."),
    "columns_unused": _(
        "Columns that are not used ({count}): {columns}. Keep some with --keep COLUMN, or all with --keep-all."
    ),
    "columns_remembered": _("Columns as they were named for the source {source} before: {columns}."),
    "sheets_left_out": _("Only sheet {sheet} was read; others: {sheets}. Pick one with --layer."),
    "sheets_hidden": _("Hidden sheets were not read: {sheets}."),
    "rows_hidden": _("Hidden rows were read too: {rows}."),
    "crs_overruled": _("{said} was said, the file says {file_crs}: what was said holds."),
    "crs_old_datum": _(
        "{crs} is converted without its parameters, which are not public: expect errors of metres to tens of metres."
    ),
    "axes_swapped": _("The columns were north before east; turned to fit {crs}."),
    "datum_assumed": _("The datum was not said; the degrees were taken as WGS 84."),
    "datum_converted": _("Converted from {datum} to WGS 84."),
    "datum_shift": _(
        "{places} places known by name lie {metres} m from here, all in one direction: --datum {datum} explains it."
    ),
    "datum_shift_unknown": _(
        "{places} places known by name lie {metres} m from here, all in one direction; no datum explains it."
    ),
    "datum_shift_overlap": _(
        "{places} rows would lie over what is known when moved by {metres} m, all in one direction:"
        " --datum {datum} explains it."
    ),
    "datum_shift_overlap_unknown": _(
        "{places} rows would lie over what is known when moved by {metres} m, all in one direction;"
        " no datum explains it."
    ),
    "stacked_points": _("{rows} rows lie on {spots} spots, several on each; kept."),
    "mobile_numbers": _(
        "The column {column} holds mobile numbers in {rows} rows: everybody who sees a row will read its number."
    ),
    "former_name": _("{name} has been {today} since {day}; the file is older than that."),
    "identity_column": _("The column {column} holds identity numbers; it was not read."),
    "new_district": _(
        "The district {code} was not known and was made with its code as its name; load districts to name it."
    ),
    "without_community": _("{rows} rows lie in no community that is known; they belong to the street alone."),
    "without_database": _("The register was not asked: no database is running here."),
}

PROBLEMS: Mapping[str, str] = {**FILES, **ROWS, **CORRECTIONS, **WARNINGS}
