"""Assignments (责任分配): who looks after which place at the map's date."""

from sqlalchemy import DateTime, and_, func, select

from gridmap.i18n import _
from gridmap.layer import AS_OF, ON_DUTY, Attribute, Layer, Scoped, Style
from gridmap.tables import DataClass, assignment, duty_role, person, place

PLACES = ("grids", "estates", "buildings", "stairwells", "facilities")
"""Layers of the places that are looked after, where they stand and how they are called."""

assignments = Layer(
    name="assignments",
    title=_("Who looks after what"),
    rows=select(
        assignment.c.street_id,
        assignment.c.id,
        assignment.c.place_id,
        assignment.c.community_id,
        assignment.c.grid_id,
        assignment.c.micro_grid_id,
        assignment.c.estate_id,
        place.c.code,
        place.c.name,
        place.c.kind.label("place_kind"),
        assignment.c.role,
        duty_role.c.title.label("role_title"),
        assignment.c.unit,
        assignment.c.is_primary,
        person.c.display_name.label("holder"),
        func.lower(assignment.c.valid, type_=DateTime(timezone=True)).label("since"),
        place.c.geom,
        place.c.geom_3857,
        place.c.label_3857,
        assignment.c.changed_at,
    )
    .join_from(
        assignment, place, and_(place.c.street_id == assignment.c.street_id, place.c.id == assignment.c.place_id)
    )
    # who sees the place but not the person sees that somebody has it, not who
    .outerjoin(person, and_(person.c.street_id == assignment.c.street_id, person.c.id == assignment.c.person_id))
    .join(duty_role, duty_role.c.code == assignment.c.role)
    .where(assignment.c.valid.contains(AS_OF)),
    attributes={
        "code": Attribute(title=_("Code of the place"), seen_by=ON_DUTY, drawn_from=PLACES),
        "name": Attribute(title=_("Place"), seen_by=ON_DUTY, drawn_from=PLACES),
        "place_kind": Attribute(
            title=_("Kind of place"),
            seen_by=ON_DUTY,
            drawn_from=PLACES,
            codes={
                "grid": _("Grid"),
                "estate": _("Estate"),
                "building": _("Building"),
                "stairwell": _("Stairwell"),
                "facility": _("Facility"),
                "zone": _("Zone"),
            },
        ),
        "role": Attribute(title=_("Role"), seen_by=ON_DUTY, about=_("Code of the role; roles can be edited.")),
        "role_title": Attribute(title=_("Role (Chinese)"), seen_by=ON_DUTY),
        "unit": Attribute(
            title=_("Household"), seen_by=ON_DUTY, about=_("Empty where the place is looked after as a whole.")
        ),
        "is_primary": Attribute(title=_("Primary holder"), type="boolean", seen_by=ON_DUTY),
        "holder": Attribute(
            title=_("Responsible"), data_class=DataClass.PERSONAL, seen_by=ON_DUTY, drawn_from=("people",)
        ),
        "since": Attribute(title=_("Since"), seen_by=ON_DUTY),
    },
    scoped_by=Scoped.PLACE,
    style=Style(colour="#2f7f79", shape="point"),
    label="holder",
    min_zoom=16,
    zoom_attributes={16: ("role", "place_kind"), 17: ("role", "place_kind", "holder")},
    about=_("Who is responsible for a grid, a building or a stairwell on the day that the map shows."),
)
