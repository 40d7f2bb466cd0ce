"""Incidents: the cases with their parties and history, contacts, photos, notices."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from gridmap.tables.base import (
    PERSONAL,
    geometry,
    id_tells_street,
    metadata,
    one_of,
    own_id,
    primary_key,
    refers,
    scope_columns,
    street_key,
    web_mercator,
)
from gridmap.tables.incident_kinds import CLOCKS, incident_kind

STATES = (
    "reported",
    "registered",
    "rejected",
    "duplicate",
    "dispatched",
    "handling",
    "handled",
    "verifying",
    "closed",
    "reopened",
    "parked",
)
OPEN_STATES = ("reported", "registered", "dispatched", "handling", "handled", "verifying", "reopened", "parked")
LEVELS = ("grid", "community", "street", "department")
SOURCES = ("patrol", "visit", "diary", "hotline", "owner", "inspection")
PARTY_ROLES = ("lead", "main", "support", "participant")
PHOTO_STAGES = ("reported", "handled", "checked")
SATISFACTIONS = ("satisfied", "neutral", "unsatisfied")
NOTICE_KINDS = ("registered", "rejected", "duplicate", "returned", "reopened", "closed", "answered")

incident_number = Sequence("incident_number", metadata=metadata)


def _at(name: str, *, nullable: bool = True) -> "Column[object]":
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _parties() -> "Column[object]":
    return Column(
        "parties",
        ARRAY(BigInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="organisations that the case is given to now; kept by follow_incidents()",
    )


def _where() -> "list[Column[object]]":
    """What a row beside a case carries of it, so that it is seen by whoever sees the case; see follow_incidents()."""
    return [_parties(), Column("place_id", BigInteger), *scope_columns()]


def _counter(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False, server_default=text("0"))


incident = Table(
    "incident",
    metadata,
    street_key(),
    own_id(),
    Column("number", Text, nullable=False),
    Column("kind", ForeignKey(incident_kind.c.code), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'reported'")),
    Column("level", Text, nullable=False, server_default=text("'grid'"), comment="who has to solve it by now"),
    Column("source", Text, nullable=False),
    Column("is_self_handled", Boolean, nullable=False, server_default=text("false")),
    Column("text", Text, comment="empty for private kinds: theirs lies with the contact"),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("place_id", BigInteger),
    geometry(kind="POINT"),
    web_mercator(),
    Column("accuracy_m", Integer, comment="of the position as the phone said it"),
    _at("reported_at", nullable=False),
    _at("device_at"),
    _at("received_at", nullable=False),
    _at("registered_at"),
    _at("dispatched_at"),
    _at("accepted_at"),
    _at("handled_at"),
    _at("checked_at"),
    _at("closed_at"),
    Column("limit_minutes", Integer, nullable=False),
    Column("clock", Text, nullable=False),
    _at("due_at", nullable=False),
    _at("warn_at"),
    Column("is_due_given", Boolean, nullable=False, server_default=text("false"), comment="taken over from an order"),
    Column("is_provisional", Boolean, nullable=False, server_default=text("false"), comment="a year without holidays"),
    Column("used_minutes", Integer, nullable=False, server_default=text("0"), comment="before running_since"),
    Column("running_since", DateTime(timezone=True), comment="empty: the clock stands"),
    _at("level_since", nullable=False),
    _at("extended_until"),
    Column("review_on", Date, comment="of a parked one"),
    Column("parked_from", Text),
    *(_counter(name) for name in ("extensions", "returns", "reworks", "reopens", "escalations", "transfers")),
    Column("reporter_account_id", BigInteger),
    Column("reporter_id", BigInteger, comment="the person on duty who found it"),
    Column("lead_id", ForeignKey("gridmap.organisation.id"), comment="empty: the community itself"),
    _parties(),
    Column("answer", Text, comment="what the reporter is told"),
    Column("satisfaction", Text),
    Column("duplicate_of_id", BigInteger),
    Column("inspection_id", BigInteger, comment="the answer on a check that found it"),
    Column("sent_id", Uuid),
    Column("handled_by", BigInteger),
    Column("checked_by", BigInteger),
    *scope_columns(),
    Column("import_run_id", ForeignKey("gridmap.import_run.id")),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    _at("changed_at", nullable=False),
    Column("changed_by", BigInteger),
    primary_key("id"),
    UniqueConstraint("street_id", "number"),
    refers("place_id", "place"),
    refers("reporter_id", "person"),
    refers("duplicate_of_id", "incident"),
    refers("inspection_id", "inspection"),
    id_tells_street(),
    one_of("state", STATES),
    one_of("level", LEVELS),
    one_of("source", SOURCES),
    one_of("clock", CLOCKS),
    one_of("satisfaction", SATISFACTIONS),
    CheckConstraint("severity BETWEEN 1 AND 3", name="severity_known"),
    CheckConstraint("checked_by <> handled_by", name="checker_is_not_the_doer"),
    CheckConstraint("state <> 'closed' OR (closed_at IS NOT NULL AND running_since IS NULL)", name="closed_is_over"),
    CheckConstraint("state <> 'duplicate' OR duplicate_of_id <> id", name="duplicate_of_another"),
    CheckConstraint(
        "(state = 'parked') = (review_on IS NOT NULL) AND (state = 'parked') = (parked_from IS NOT NULL)",
        name="parked_whole",
    ),
    Index("incident_grid_ix", "street_id", "grid_id", text("reported_at DESC")),
    Index(
        "incident_micro_grid_ix",
        "street_id",
        "micro_grid_id",
        text("reported_at DESC"),
        postgresql_where=text("micro_grid_id IS NOT NULL"),
    ),
    Index("incident_community_ix", "street_id", "community_id", text("reported_at DESC")),
    Index("incident_place_ix", "street_id", "place_id", "kind", text("reported_at DESC")),
    Index("incident_estate_ix", "street_id", "estate_id", text("reported_at DESC")),
    Index("incident_reported_ix", "street_id", text("reported_at DESC"), text("id DESC")),
    Index(
        "incident_open_ix",
        "street_id",
        "due_at",
        postgresql_where=text("state NOT IN ('closed', 'rejected', 'duplicate')"),
    ),
    # numbers of a month count by the moment that a case falls into it with
    Index("incident_due_ix", "street_id", "due_at"),
    Index("incident_registered_ix", "street_id", "registered_at", postgresql_where=text("registered_at IS NOT NULL")),
    Index("incident_handled_ix", "street_id", "handled_at", postgresql_where=text("handled_at IS NOT NULL")),
    Index("incident_closed_ix", "street_id", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    Index("incident_parties_ix", "parties", postgresql_using="gin", postgresql_where=text("parties <> '{}'")),
    Index("incident_reporter_ix", "street_id", "reporter_account_id", text("reported_at DESC")),
    Index("incident_sent_ix", "street_id", "sent_id", postgresql_where=text("sent_id IS NOT NULL")),
    Index("incident_inspection_ix", "street_id", "inspection_id", postgresql_where=text("inspection_id IS NOT NULL")),
    Index(
        "incident_duplicate_ix", "street_id", "duplicate_of_id", postgresql_where=text("duplicate_of_id IS NOT NULL")
    ),
    Index("incident_geom_ix", "street_id", "geom", postgresql_using="gist"),
    Index("incident_geom_3857_ix", "geom_3857", postgresql_using="gist"),
    Index(
        "incident_open_3857_ix",
        "geom_3857",
        postgresql_using="gist",
        postgresql_where=text("state NOT IN ('closed', 'rejected', 'duplicate')"),
    ),
    Index("incident_everywhere_ix", "reported_at"),
    comment="A case, from its report to its end. The clock runs from running_since and had used used_minutes before.",
)

incident_contact = Table(
    "incident_contact",
    metadata,
    street_key(),
    Column("incident_id", BigInteger, nullable=False),
    Column("name", Text, info=PERSONAL),
    Column(
        "name_masked",
        Text,
        Computed("left(name, 1) || repeat('*', greatest(char_length(name) - 1, 1))", persisted=True),
    ),
    Column("phone", Text, info=PERSONAL),
    Column(
        "phone_masked",
        Text,
        Computed(
            "CASE WHEN char_length(phone) >= 11 THEN left(phone, 3) || '****' || right(phone, 4) "
            "WHEN phone IS NOT NULL THEN '****' END",
            persisted=True,
        ),
    ),
    Column("words", Text, info=PERSONAL, comment="what was reported, of a private kind"),
    Column("has_words", Boolean, Computed("words IS NOT NULL", persisted=True)),
    Column("account_id", BigInteger, comment="who wrote it down"),
    *_where(),
    primary_key("incident_id"),
    refers("incident_id", "incident", cascade=True),
    comment="Who reported, to call back. Clear values leave only through unmask_incident().",
)

party = Table(
    "party",
    metadata,
    street_key(),
    Column("incident_id", BigInteger, nullable=False),
    Column("organisation_id", ForeignKey("gridmap.organisation.id"), nullable=False),
    Column("role", Text, nullable=False),
    _at("since", nullable=False),
    _at("until"),
    *_where(),
    primary_key("incident_id", "organisation_id", "role", "since"),
    refers("incident_id", "incident", cascade=True),
    one_of("role", PARTY_ROLES),
    CheckConstraint("until >= since", name="ends_after_it_begins"),
    Index(
        "party_one_lead_key",
        "street_id",
        "incident_id",
        unique=True,
        postgresql_where=text("role = 'lead' AND until IS NULL"),
    ),
    Index(
        "party_once_key", "street_id", "incident_id", "organisation_id", unique=True,
        postgresql_where=text("until IS NULL"),
    ),
    Index("party_organisation_ix", "organisation_id", postgresql_where=text("until IS NULL")),
    comment="Who has been given the case, as what, from when to when.",
)  # fmt: skip

transition = Table(
    "transition",
    metadata,
    street_key(),
    own_id(),
    Column("incident_id", BigInteger, nullable=False),
    Column("turn", SmallInteger, nullable=False, comment="counted from 1 in each case"),
    Column("action", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    _at("at", nullable=False),
    Column("account_id", BigInteger),
    Column("organisation_id", BigInteger, comment="in whose name"),
    Column("used_minutes", Integer, nullable=False, comment="of the case's clock, by then"),
    Column("stage_minutes", Integer, nullable=False, comment="working minutes since the turn before"),
    Column("level", Text, nullable=False),
    Column("lead_id", BigInteger, comment="the lead after it"),
    Column("reason", Text),
    Column("note", Text),
    Column("until", DateTime(timezone=True), comment="the new deadline, or the day of review"),
    *_where(),
    primary_key("id"),
    UniqueConstraint("street_id", "incident_id", "turn"),
    refers("incident_id", "incident", cascade=True),
    id_tells_street(),
    one_of("to_state", STATES),
    one_of("level", LEVELS),
    Index("transition_at_ix", "street_id", text("at DESC")),
    comment="What happened to a case, in order. Append-only.",
)

incident_photo = Table(
    "incident_photo",
    metadata,
    street_key(),
    Column("incident_id", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("account_id", BigInteger),
    _at("at", nullable=False),
    Column("taken_at", DateTime(timezone=True), comment="a hint, as the camera said"),
    Column("off_m", Integer, comment="a hint: how far from the case the camera said it was"),
    *_where(),
    primary_key("incident_id", "stage", "number"),
    UniqueConstraint("street_id", "incident_id", "stage", "sha256"),
    refers("incident_id", "incident", cascade=True),
    one_of("stage", PHOTO_STAGES),
    CheckConstraint("number BETWEEN 1 AND 6", name="number_few"),
    Index("incident_photo_file_ix", "street_id", "sha256"),
)

notice = Table(
    "notice",
    metadata,
    street_key(),
    own_id(),
    Column("account_id", BigInteger, nullable=False),
    Column("incident_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    _at("at", nullable=False),
    primary_key("id"),
    refers("incident_id", "incident", cascade=True),
    id_tells_street(),
    one_of("kind", NOTICE_KINDS),
    Index("notice_account_ix", "street_id", "account_id", text("at DESC")),
    comment="What became of a report, for who made it.",
)
