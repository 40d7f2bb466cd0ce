"""The catalogue of kinds of cases: classes and kinds, their limits, the office's own, who takes them, answers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE

from gridmap.tables.base import id_tells_street, metadata, one_of, own_id, primary_key, street_key

NATURES = ("component", "event")
CLOCKS = ("working", "wall")
STAGES = ("register", "dispatch", "check")

incident_class = Table(
    "incident_class",
    metadata,
    Column("code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("sort", SmallInteger, nullable=False, server_default=text("0")),
    CheckConstraint("code ~ '^[0-9]{2}$'", name="code_has_2_digits"),
)

incident_kind = Table(
    "incident_kind",
    metadata,
    Column("code", Text, primary_key=True, comment="2 digits of the class and 3 of its own; local ones from 080 on"),
    Column("class", ForeignKey(incident_class.c.code), nullable=False),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("nature", Text, nullable=False, comment="component: owner first; event: territory first"),
    Column("facility_kind", Text, comment="code of the facility that a component is"),
    Column("severity", SmallInteger, nullable=False, server_default=text("2"), comment="unless a report says another"),
    Column("near_m", SmallInteger, nullable=False, server_default=text("50"), comment="how near is taken for the same"),
    Column("files_when", Text, nullable=False, server_default=text("''"), comment="condition of filing, in words"),
    Column("closes_when", Text, nullable=False, server_default=text("''"), comment="condition of closing, in words"),
    Column(
        "is_private", Boolean, nullable=False, server_default=text("false"), comment="what is reported is personal text"
    ),
    Column("sort", SmallInteger, nullable=False, server_default=text("0")),
    Column("valid", DATERANGE, nullable=False, server_default=text("'(,)'")),
    one_of("nature", NATURES),
    CheckConstraint("code ~ '^[0-9]{5}$' AND left(code, 2) = class", name="code_tells_class"),
    CheckConstraint("severity BETWEEN 1 AND 3", name="severity_known"),
    CheckConstraint("near_m BETWEEN 0 AND 2000", name="near_m_fits"),
)

incident_limit = Table(
    "incident_limit",
    metadata,
    Column("kind", ForeignKey(incident_kind.c.code), primary_key=True),
    Column("severity", SmallInteger, primary_key=True, autoincrement=False),
    Column("minutes", Integer, nullable=False, comment="a working day has 480"),
    Column("clock", Text, nullable=False, server_default=text("'working'")),
    one_of("clock", CLOCKS),
    CheckConstraint("severity BETWEEN 1 AND 3", name="severity_known"),
    CheckConstraint("minutes > 0", name="minutes_some"),
)

incident_stage = Table(
    "incident_stage",
    metadata,
    Column("code", Text, primary_key=True),
    Column("minutes", Integer, nullable=False, comment="working minutes within which the office itself should act"),
    one_of("code", STAGES),
    CheckConstraint("minutes > 0", name="minutes_some"),
)

incident_taker = Table(
    "incident_taker",
    metadata,
    street_key(),
    Column("kind", ForeignKey(incident_kind.c.code), nullable=False),
    Column("organisation_id", ForeignKey("gridmap.organisation.id"), nullable=False),
    Column("sort", SmallInteger, nullable=False, server_default=text("0")),
    primary_key("kind", "organisation_id"),
    comment="Which departments and teams take which kinds of cases: a team where it covers the place.",
)

answer_template = Table(
    "answer_template",
    metadata,
    street_key(),
    own_id(),
    Column("kind", ForeignKey(incident_kind.c.code), comment="empty: for every kind"),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("sort", SmallInteger, nullable=False, server_default=text("0")),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", BigInteger),
    primary_key("id"),
    id_tells_street(),
    Index("answer_template_kind_ix", "street_id", "kind"),
)
