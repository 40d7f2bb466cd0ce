"""Every page with the account that opens it: looked at by the tests, and photographed for the docs."""

from dataclasses import dataclass

LONG = "东区街道花苑社区长江路与中山四路交叉口东北侧原农业机械厂职工宿舍及其历年加建部分联合管理小区(含商铺二层)"
"""A name as long as real registers have them."""
ESTATE = 42992622800896
HOUSE = 42992622800897
"""An estate of the demo whose stairwells have lines of their own, and its first building."""


DINGXIANG = 42953968136192
"""丁香苑, an estate of 花苑 with 18 stairwells; ids of the demo never change."""


GAP_ESTATE = 10_001 * 2**32 + 196_608
"""芙蓉苑 of the demo: ids of demo rows are fixed."""


HANDLED_CASE = 42953970026440
"""A case of the demo that an organisation handles."""


@dataclass(frozen=True)
class PageOf:
    """One page in one state."""

    name: str
    user: str | None
    path: str
    is_map: bool = False
    most_bytes: int = 64_000
    """How long its HTML may be: lists come in pages, data in tiles."""


PAGES = (
    PageOf("login", None, "/login"),
    PageOf("map", "leader", "/map", is_map=True),
    PageOf("list", "leader", "/list"),
    PageOf("list-empty", "leader", "/list?q=no-such-place"),
    PageOf("search", "leader", "/search?q=花苑"),
    PageOf("my", "worker", "/my"),
    PageOf("my-manager", "manager", "/my"),
    # all checks of a grid, 252 here, at once: it must open in a basement; 9 kB on the wire
    PageOf("my-due", "worker", "/my/due", most_bytes=240_000),
    PageOf("my-due-manager", "manager", "/my/due"),
    PageOf("my-due-community", "community", "/my/due"),
    PageOf("inbox", "worker", "/my/inbox"),
    # every door of a grid and every kind, so that it works without a network; 9 kB on the wire
    PageOf("report", "worker", "/report", most_bytes=80_000),
    PageOf("report-manager", "manager", "/report"),
    PageOf("report-leader", "leader", "/report"),
    PageOf("report-kind", "leader", f"/report?place={HOUSE}"),
    PageOf("report-send", "leader", f"/report?place={HOUSE}&kind=03001"),
    PageOf("report-solved", "leader", f"/report?place={HOUSE}&done=1"),
    PageOf("report-map", "worker", "/report/map", is_map=True),
    PageOf("my-incidents", "leader", "/my/incidents"),
    PageOf("my-incidents-empty", "manager", "/my/incidents"),
    PageOf("plate", "leader", "/p/442000002005X01-01-1"),
    PageOf("visits", "leader", "/visits/43035572470016"),
    PageOf("reminders", "leader", "/reminders"),
    PageOf("reminders-worker", "worker", "/reminders"),
    PageOf("plates", "leader", "/plates?within=42953968091136"),
    PageOf("privacy", "manager", "/about/privacy"),
    PageOf("list-lines", "leader", "/list?layer=five_lines&street=10010&vacant=1"),
    PageOf("chart", "leader", f"/chart?within={HOUSE}&qr=1"),
    PageOf("chart-building", "leader", f"/chart?within={HOUSE}&by=building"),
    PageOf("assign", "leader", "/assign", is_map=True),
    PageOf("assign-estate", "leader", f"/assign?street=10010&role=building_manager&estate={ESTATE}", is_map=True),
    PageOf("hand-over", "leader", "/assign/hand-over"),
    PageOf("assign-excel", "leader", "/assign/excel"),
    PageOf("assign-changes", "leader", "/assign/changes"),
    PageOf("duties", "leader", "/duties"),
    PageOf("duties-rules", "leader", "/duties/rules"),
    PageOf("duties-new-rule", "leader", "/duties/rules/new?from=reception_day"),
    PageOf("duties-excuses", "leader", "/duties/excuses"),
    PageOf("duties-excused", "leader", "/duties/excuses?state=excused&month=2026-02"),
    PageOf("duties-sheets", "leader", "/duties/sheets?q=花苑"),
    PageOf("duties-sheet", "leader", f"/duties/sheet?within={DINGXIANG}"),
    PageOf("duties-sheet-print", "leader", f"/duties/sheet/print?within={DINGXIANG}"),
    PageOf("duties-slip", "leader", f"/duties/slip?place={DINGXIANG}"),
    PageOf("duties-joint", "leader", "/duties/joint"),
    PageOf("duties-new-joint", "leader", "/duties/joint/new"),
    PageOf("coverage", "leader", "/coverage?month=2026-02", is_map=True),
    PageOf("coverage-filtered", "leader", "/coverage?month=2026-02&reason=missed&kind=roof_safety", is_map=True),
    PageOf("coverage-empty", "leader", "/coverage?month=2024-01", is_map=True),
    PageOf("coverage-rows", "leader", "/coverage/rows?month=2026-02"),
    PageOf("coverage-rows-empty", "leader", "/coverage/rows?month=2024-01"),
    PageOf("coverage-trend", "leader", "/coverage/trend?month=2026-02&by=estate"),
    PageOf("coverage-numbers", "leader", "/coverage/numbers?month=2026-02"),
    PageOf("coverage-number", "leader", "/coverage/numbers/organisations?month=2026-02&street=10001"),
    PageOf("coverage-report", "leader", f"/coverage/report?month=2026-02&estate={GAP_ESTATE}"),
    PageOf("incident-map", "leader", "/incidents/map", is_map=True),
    PageOf("incident-map-week", "leader", "/incidents/map?week=2026-03-02&kind=03", is_map=True),
    PageOf("incident-map-empty", "worker", "/incidents/map?week=2025-03-17&kind=16", is_map=True),
    PageOf("incident-map-rows", "leader", "/incidents/map/rows"),
    PageOf("incident-map-rows-empty", "worker", "/incidents/map/rows?week=2024-01-01"),
    PageOf("incidents", "leader", "/incidents", most_bytes=110_000),
    PageOf("incidents-overdue", "leader", "/incidents?queue=overdue&source=hotline", most_bytes=110_000),
    PageOf("incidents-empty", "leader", "/incidents?q=no-such-case"),
    PageOf("incidents-worker", "worker", "/incidents", most_bytes=110_000),
    PageOf("incidents-given", "property", "/incidents/given", most_bytes=110_000),
    PageOf("incidents-to-verify", "worker", "/incidents/to-verify"),
    PageOf("incident", "leader", f"/incidents/{HANDLED_CASE}"),
    PageOf("incidents-numbers", "leader", "/incidents/numbers?month=2026-02", most_bytes=90_000),
    PageOf("incidents-number", "leader", "/incidents/numbers/closed_late?month=2026-02&missing=0"),
    PageOf("incidents-areas", "leader", "/incidents/numbers/areas?month=2026-02&group=closing", most_bytes=110_000),
    PageOf("incidents-areas-grids", "worker", "/incidents/numbers/areas?month=2026-02&by=grid&group=filing"),
    PageOf("incidents-agenda", "leader", "/incidents/agenda?month=2026-03"),
    PageOf("incidents-answers", "leader", "/incidents/answers"),
    PageOf("incidents-kinds", "leader", "/incidents/kinds"),
    PageOf("incidents-kind", "leader", "/incidents/kinds/03001"),
    PageOf("diary", "worker", "/diary"),
    PageOf("diary-leader", "leader", f"/diary?estate={DINGXIANG}"),
    PageOf("diary-estates", "leader", "/diary/estates"),
    PageOf("diary-map", "leader", "/diary/map", is_map=True, most_bytes=90_000),
    PageOf("diary-map-estate", "leader", f"/diary/map?estate={DINGXIANG}&week=2026-03-09", is_map=True),
    PageOf("receptions", "leader", "/reception"),
    PageOf("hotline", "leader", "/hotline"),
    PageOf("hotline-import", "leader", "/hotline/import"),
    PageOf("ebikes", "leader", "/ebikes"),
    PageOf("ebikes-estate", "leader", f"/ebikes/{DINGXIANG}"),
    PageOf("data", "planner", "/data"),
    PageOf("data-layer", "planner", "/data/buildings"),
    PageOf("ogc", "planner", "/ogc?f=html"),
    PageOf("admin", "admin", "/admin"),
    PageOf("admin-setup", "admin", "/admin/setup"),
    PageOf("admin-accounts", "admin", "/admin/accounts"),
    PageOf("admin-new-account", "admin", "/admin/accounts/new"),
    PageOf("admin-absences", "leader", "/admin/absences"),
    PageOf("admin-streets", "admin", "/admin/streets"),
    PageOf("admin-calendar", "admin", "/admin/calendar"),
    PageOf("admin-jobs", "admin", "/admin/jobs"),
    PageOf("admin-audit", "admin", "/admin/audit"),
    PageOf("account", "planner", "/account"),
    PageOf("error", "leader", "/no-such-page"),
)
