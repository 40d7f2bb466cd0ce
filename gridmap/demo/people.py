"""People on duty, who looks after what and since when, and who is on leave."""

from dataclasses import dataclass

from gridmap.demo.bodies import KINDS, company_id
from gridmap.demo.build import BuiltCommunity, BuiltEstate, BuiltTown
from gridmap.demo.choice import between, chance, draw, pick
from gridmap.demo.names import person_name, phone
from gridmap.demo.register import Register, Row, organisation_id, serial_of
from gridmap.pinyin import initials

STARTS = ("2023-04-01", "2023-11-01", "2024-01-01", "2024-03-01", "2024-09-01")
HANDOVERS = ("2025-06-01", "2025-09-15", "2025-11-01", "2026-01-05", "2026-02-02")
CHANGED = 0.07
"""Share of managers' places whose holder changed within the last year."""


def since(start: str, end: str | None = None) -> str:
    """A range of office days, as PostgreSQL writes it."""
    return f"[{start} 00:00:00+08,{end + ' 00:00:00+08' if end else ''})"


@dataclass(frozen=True)
class Home:
    """Where people of a community or an estate get their serials, and what they belong to."""

    register: Register
    street_id: int
    block: int
    key: str
    community_id: int

    def person(self, entity: str, place: Row, organisation: int | None = None, *, lives: bool = False) -> Row:
        """Adds a person who belongs to the place's grid and estate; `lives` makes the place a home."""
        name = person_name(f"{self.key}/{entity}")
        return self.register.add(
            "people",
            street_id=self.street_id,
            id=self.register.next_id(self.street_id, self.block, "person"),
            name=name,
            display_name=name,
            initials=initials(name),
            phone=phone(f"{self.key}/{entity}"),
            organisation_id=organisation,
            home_place_id=place["id"] if lives else None,
            community_id=self.community_id,
            grid_id=place.get("grid_id"),
            micro_grid_id=place.get("micro_grid_id"),
            estate_id=place.get("estate_id"),
        )

    def assign(self, person: Row, role: str, place: Row, valid: str, *, primary: bool = True) -> None:
        """Adds an assignment of a person to a place in a role."""
        self.register.add(
            "assignments",
            street_id=self.street_id,
            id=self.register.next_id(self.street_id, self.block, "assignment"),
            person_id=person["id"],
            place_id=place["id"],
            role=role,
            is_primary=primary,
            valid=valid,
            **{key: place.get(key) for key in ("community_id", "grid_id", "micro_grid_id", "estate_id")},
        )

    def leave(self, person: Row, start: str, end: str, substitute: Row | None) -> None:
        """Adds an absence."""
        self.register.add(
            "absences",
            street_id=self.street_id,
            id=self.register.next_id(self.street_id, self.block, "absence"),
            person_id=person["id"],
            substitute_id=substitute and substitute["id"],
            valid=since(start, end),
            kind="leave",
            **{key: person.get(key) for key in ("community_id", "grid_id", "micro_grid_id", "estate_id")},
        )


def staff_town(register: Register, built: BuiltTown) -> None:
    """Adds the people of every community that has grids."""
    for community in built.communities:
        if not community.grids:
            continue
        staff_community(register, built, community)
        for estate in community.estates.values():
            staff_estate(register, built, community, estate)


def staff_community(register: Register, built: BuiltTown, community: BuiltCommunity) -> None:
    """A secretary for the community; a worker, a leader and a staff member for each grid; the duty group."""
    declared = community.declared
    key = f"{built.declared.key}/c{declared.number}"
    home = Home(register, built.declared.street_id, declared.number, key, community.row["id"])
    grids = list(community.grids.values())
    committee = organisation_id(home.street_id, serial_of(community.row["id"]), KINDS["party_committee"])
    body = committee if declared.party else None
    secretary = home.person("secretary", {}, body)
    for grid in grids:
        home.assign(secretary, "community_secretary", grid, since("2021-04-01"))
    for grid in grids:
        for role in ("grid_worker", "grid_leader", "community_staff"):
            person = home.person(f"{grid['id']}/{role}", grid, body)
            home.assign(person, role, grid, since(pick(f"{key}/{grid['id']}", role, STARTS)))
    zones = [estate.zone for estate in community.estates.values() if estate.zone is not None]
    group = organisation_id(home.street_id, serial_of(community.row["id"]), KINDS["residents_group"])
    for k in range(declared.duty_group):
        zone = zones[k % len(zones)]
        person = home.person(f"duty/{k}", zone, group)
        home.assign(person, "duty_resident", zone, since("2024-05-06"), primary=k < len(zones))
    staff_micro_grids(home, built, community)


def staff_micro_grids(home: Home, built: BuiltTown, community: BuiltCommunity) -> None:
    """Party members of each micro grid: five in the first 23, four in the others; the first one leads."""
    for k, grid in enumerate(community.micro_grids.values()):
        for member in range(5 if k < 23 else 4):
            person = home.person(f"{built.declared.key}/micro/{k}/{member}", grid)
            start = since(pick(f"{home.key}/{k}/{member}", "start", STARTS))
            home.assign(person, "party_volunteer", grid, start, primary=member == 0)


def staff_estate(register: Register, built: BuiltTown, community: BuiltCommunity, estate: BuiltEstate) -> None:
    """Managers, stairwell leaders and volunteers, butlers and committee members of an estate."""
    key = f"{built.declared.key}/{estate.declared.number}"
    home = Home(register, built.declared.street_id, estate.declared.number, key, community.row["id"])
    crew = estate.declared.crew
    branch = organisation_id(home.street_id, serial_of(estate.row["id"]), KINDS["party_branch"])
    managers = staff_managers(home, estate, branch if crew.branch else None)
    away = draw([f"{key}/{m['id']}" for m in managers], "leave", crew.on_leave)
    for k, manager in enumerate(managers):
        if f"{key}/{manager['id']}" in away:
            home.leave(manager, "2026-03-09", "2026-03-30", managers[(k + 1) % len(managers)] if k % 2 else None)
    if crew.leaders:
        staff_lines(home, estate)
    staff_butlers(home, estate)
    if crew.committee is not None:
        staff_committee(home, estate, "committee_member", "owners_committee", crew.committee[0])
    staff_committee(home, estate, "oversight_member", "oversight_committee", crew.oversight)


def staff_managers(home: Home, estate: BuiltEstate, branch: int | None) -> list[Row]:
    """The 党员楼管员 of an estate, one for each stairwell or building; some took over from somebody else."""
    managers: list[Row] = []
    crew = estate.declared.crew
    if crew.managers is None:
        return managers
    by_house = crew.managers == "building"
    units = [house.stairwells for house in estate.houses] if by_house else [[s] for s in estate.stairwells]
    vacant = {estate.stairwells[k]["id"] for k in crew.vacant}
    for k, places in enumerate(units):
        name = f"manager/{k}"
        handover = pick(home.key, f"{name}/handover", HANDOVERS)
        changed = chance(home.key, f"{name}/changed", CHANGED)
        start = pick(home.key, f"{name}/start", STARTS)
        if changed:
            former = home.person(f"{name}/former", places[0], branch, lives=True)
            former["left_on"] = f"[{handover},)"
            for place in places:
                home.assign(former, "building_manager", place, since(start, handover))
        person = home.person(name, places[0], branch, lives=True)
        managers.append(person)
        for place in places:
            end = "2026-02-01" if place["id"] in vacant else None
            home.assign(person, "building_manager", place, since(start if not changed else handover, end))
    return managers


def staff_lines(home: Home, estate: BuiltEstate) -> None:
    """The other lines of each stairwell: a leader; a Party volunteer, a representative, a volunteer for most."""
    for k, place in enumerate(estate.stairwells):
        wanted = {
            "stairwell_leader": True,
            "party_volunteer": chance(home.key, f"party/{k}", 0.82),
            "resident_representative": chance(home.key, f"representative/{k}", 0.7),
            "stairwell_volunteer": chance(home.key, f"volunteer/{k}", 0.64),
        }
        for role, has in wanted.items():
            if has:
                person = home.person(f"{role}/{k}", place, lives=True)
                home.assign(person, role, place, since(pick(home.key, f"{role}/{k}", STARTS)))


def staff_butlers(home: Home, estate: BuiltEstate) -> None:
    """The property company's butlers: for the whole estate, or each for a run of stairwells."""
    crew, declared = estate.declared.crew, estate.declared
    company = company_id(declared.company) if declared.company else None
    places = estate.stairwells
    per_butler = -(-len(places) // crew.butlers) if crew.butlers else 0
    start = since(f"2024-{between(home.key, 'butler', 1, 9):02d}-01")
    for k in range(crew.butlers):
        person = home.person(f"butler/{k}", {"estate_id": estate.row["id"]}, company)
        if crew.butlers_at == "estate":
            home.assign(person, "property_butler", estate.row, start, primary=k == 0)
            continue
        run = places[k * per_butler : (k + 1) * per_butler]
        for place in run[: -crew.butler_gap] if crew.butler_gap and k == crew.butlers - 1 else run:
            home.assign(person, "property_butler", place, start)


def staff_committee(home: Home, estate: BuiltEstate, role: str, kind: str, members: int) -> None:
    """The members of an owners' or oversight committee, who live in the estate."""
    body = organisation_id(home.street_id, serial_of(estate.row["id"]), KINDS[kind])
    for k in range(members):
        person = home.person(f"{role}/{k}", estate.row, body)
        home.assign(person, role, estate.row, since("2024-07-01"), primary=k == 0)
