"""Organisations: Party committees, branches and groups, owners' committees, companies, departments, residents."""

from gridmap.demo.build import BuiltCommunity, BuiltEstate, BuiltTown
from gridmap.demo.choice import between
from gridmap.demo.names import COMPANIES
from gridmap.demo.register import CITY_OWN, Register, Row, organisation_id, serial_of

KINDS = {
    "party_committee": 0,
    "party_branch": 1,
    "party_group": 2,
    "owners_committee": 3,
    "oversight_committee": 4,
    "residents_group": 5,
    "department": 6,
}
DEPARTMENTS = ("派出所", "综合行政执法队", "消防救援站", "市场监督管理所", "城市建设和管理局")


def company_id(name: str) -> int:
    """The id of a property company."""
    return organisation_id(CITY_OWN, COMPANIES.index(name) + 1, 7)


def add_companies(register: Register) -> None:
    """Adds the property companies, which belong to no street."""
    for name in COMPANIES:
        register.add(
            "organisations",
            id=company_id(name),
            kind="property_company",
            name=f"{name}物业服务有限公司",
            code=f"P{COMPANIES.index(name) + 1:03d}",
            members=between(name, "members", 40, 420),
            phone=f"1990001{COMPANIES.index(name):04d}",
        )


def organise_town(register: Register, built: BuiltTown) -> None:
    """Adds the departments of a street and the organisations of its communities and estates."""
    street = built.declared.street_id
    for k, name in enumerate(DEPARTMENTS):
        register.add(
            "organisations",
            id=organisation_id(street, k, 6),
            kind="department",
            name=f"{built.declared.name}{name}",
            code=f"{built.declared.code}D{k + 1}",
            street_id=street,
            phone=f"1990002{k:04d}",
        )
    for community in built.communities:
        if community.grids:
            organise_community(register, community)


def body(register: Register, kind: str, home: Row, name: str, parent: int | None, **facts: object) -> Row:
    """Adds an organisation that belongs to `home`, a community or a place."""
    identity = organisation_id(home["street_id"], serial_of(home["id"]), KINDS[kind])
    code = f"{home['code']}-{'CBGOSRD'[KINDS[kind]]}"
    community = home.get("community_id", home["id"])
    return register.add(
        "organisations",
        id=identity,
        kind=kind,
        name=name,
        code=code,
        parent_id=parent,
        street_id=home["street_id"],
        community_id=community,
        **facts,
    )


def covers(register: Register, organisation: Row, *places: Row, relation: str = "covers") -> None:
    """Says which places an organisation covers or manages."""
    for place in places:
        register.add(
            "organisation_places",
            street_id=place["street_id"],
            organisation_id=organisation["id"],
            place_id=place["id"],
            relation=relation,
        )


def organise_community(register: Register, community: BuiltCommunity) -> None:
    """Adds a community's Party organisations, its duty group, and the bodies of its estates."""
    short = community.declared.name
    above: int | None = None
    if community.declared.party:
        facts = {"members": 9, "party_members": between(community.row["code"], "party", 90, 260)}
        committee = body(register, "party_committee", community.row, f"{short}党委", None, **facts)
        above = committee["id"]
        covers(register, committee, *community.grids.values())
        for grid in community.grids.values():
            members = between(grid["code"], "party", 24, 60)
            branch = body(register, "party_branch", grid, f"{grid['name']}党支部", above, party_members=members)
            covers(register, branch, grid)
    if community.declared.duty_group:
        group = body(
            register,
            "residents_group",
            community.row,
            f"{short}停车自治小组",
            above,
            members=community.declared.duty_group,
        )
        covers(register, group, *(e.zone for e in community.estates.values() if e.zone is not None))
    for estate in community.estates.values():
        organise_estate(register, estate, above)


def organise_estate(register: Register, estate: BuiltEstate, parent: int | None) -> None:
    """Adds an estate's branch, groups, committees, and says which company manages it."""
    declared, row, crew = estate.declared, estate.row, estate.declared.crew
    branch = None
    if crew.branch:
        members = declared.party_members or between(row["code"], "party", 12, 60)
        branch = body(register, "party_branch", row, f"{declared.name}党支部", parent, party_members=members)
        covers(register, branch, row)
    for k in range(crew.groups):
        houses = [house.row for house in estate.houses[k :: crew.groups]]
        number = "" if crew.groups == 1 else "一二三四五"[k]
        members = between(houses[0]["code"], "party", 3, 9)
        parent_id = branch["id"] if branch else parent
        group = body(
            register,
            "party_group",
            houses[0],
            f"{declared.name}第{number}党小组" if number else f"{declared.name}党小组",
            parent_id,
            party_members=members,
        )
        covers(register, group, *houses)
    if crew.committee is not None:
        members, party = crew.committee
        name = f"{declared.name}业主委员会"
        covers(register, body(register, "owners_committee", row, name, None, members=members, party_members=party), row)
    if crew.oversight:
        name = f"{declared.name}业主监督委员会"
        covers(register, body(register, "oversight_committee", row, name, None, members=crew.oversight), row)
    if declared.company is not None:
        row["property_id"] = company_id(declared.company)
        covers(register, {"id": row["property_id"]}, row, relation="manages")
