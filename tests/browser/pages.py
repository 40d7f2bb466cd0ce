"""Every page with the account that opens it: looked at by the tests, and photographed for the docs."""

from dataclasses import dataclass

from playwright.sync_api import Page

LONG = "东区街道花苑社区长江路与中山四路交叉口东北侧原农业机械厂职工宿舍及其历年加建部分联合管理小区(含商铺二层)"
"""A name as long as real registers have them."""
ESTATE = 42992622800896
HOUSE = 42992622800897
"""An estate of the demo whose stairwells have lines of their own, and its first building."""


DINGXIANG = 42953968136192
"""丁香苑, an estate of 花苑 with 18 stairwells; ids of the demo never change."""
PARKED, GATE = 42953968136320, 42953968136960
"""Its parking zone and its gate."""


GAP_ESTATE = 10_001 * 2**32 + 196_608
"""芙蓉苑 of the demo: ids of demo rows are fixed."""


ZONE = 10_001 * 2**32 + 196_608 + 128
"""The parking zone of that estate."""


HANDLED_CASE = 42953970026440
"""A case of the demo that an organisation handles."""


PROPOSED = 10_001 * 2**32 + 8_454_148
"""A car that waits for a second person to confirm its ban."""


COUNTED = 42953968095360
"""A parking zone in the grid of `worker`."""


ROTA = 10_001 * 2**32 + 10_485_761
"""The residents' rota of the evenings."""


@dataclass(frozen=True)
class PageOf:
    """One page in one state."""

    name: str
    user: str | None
    path: str
    is_map: bool = False
    most_bytes: int = 64_000
    """How long its HTML may be: lists come in pages, data in tiles."""
    then: str = ""
    """The link of that page which leads to this one: for rows whose ids no demo fixes."""


def address_of(page: Page, url: str, of: PageOf) -> str:
    """Where it lies on the server at `url`; the signed-in `page` opens the list where a link is to be found."""
    if not of.then:
        return url + of.path
    page.goto(url + of.path)
    return url + str(page.locator(of.then).first.get_attribute("href"))


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
    PageOf("sheets", "leader", "/sheets?street=10001"),
    PageOf("sheets-planner", "planner", "/sheets"),
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
    PageOf("register", "leader", "/register"),
    PageOf("register-community", "leader", "/register", then="tbody th a"),
    PageOf("register-map", "leader", "/register", then="tbody td a[href$='/map']", is_map=True),
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
    PageOf("parking-map", "leader", "/parking/map", is_map=True),
    PageOf(
        "parking-map-week", "leader", "/parking/map?show=violations&week=2026-03-02", is_map=True, most_bytes=90_000
    ),
    PageOf("parking-map-near", "leader", "/parking/map#16/22.51560/113.40450", is_map=True),
    PageOf("parking-map-worker", "worker", "/parking/map?show=stays", is_map=True),
    PageOf("parking-map-rows", "leader", "/parking/map/rows"),
    PageOf("parking-map-rows-empty", "manager", "/parking/map/rows"),
    PageOf("hotspots", "leader", "/hotspots?street=10001", most_bytes=90_000),
    PageOf("hotspots-incidents", "leader", "/hotspots?subject=incident", most_bytes=160_000),
    PageOf("hotspots-worker", "worker", "/hotspots?subject=incident"),
    PageOf("hotspots-empty", "leader", "/hotspots?subject=17001"),
    PageOf("hotspot", "leader", "/hotspots?street=10001", then=".spot-go"),
    PageOf("hotspots-map", "leader", "/hotspots/map?subject=incident", is_map=True, most_bytes=90_000),
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
    PageOf("parking-settings", "leader", "/parking/settings"),
    PageOf("parking-settings-worker", "worker", "/parking/settings"),
    PageOf("parking-setting", "leader", f"/parking/settings/{DINGXIANG}"),
    PageOf("parking-setting-zone", "leader", f"/parking/settings/{PARKED}"),
    PageOf("known-estates", "leader", "/parking/known"),
    PageOf("known", "leader", f"/parking/known?estate={DINGXIANG}"),
    PageOf("known-import", "leader", f"/parking/known/import?estate={DINGXIANG}"),
    PageOf("zones", "leader", "/parking/zones"),
    PageOf("zone", "leader", f"/parking/zones/{PARKED}", is_map=True),
    PageOf("zone-new", "leader", f"/parking/zones/new?estate={DINGXIANG}", is_map=True),
    PageOf("gate-new", "leader", f"/parking/zones/new?what=gate&estate={DINGXIANG}", is_map=True),
    PageOf("zone-end", "leader", f"/parking/zones/{PARKED}/end"),
    PageOf("gate", "leader", f"/parking/gates/{GATE}"),
    PageOf("gate-list", "leader", f"/parking/gates/{GATE}/list.csv"),
    PageOf("parking", "leader", "/parking"),
    PageOf("parking-worker", "worker", "/parking"),
    PageOf("parking-counts", "leader", "/parking/counts"),
    PageOf("parking-missing", "worker", "/parking/counts?show=missing"),
    PageOf("parking-violations", "leader", "/parking/violations"),
    PageOf("parking-vehicles", "leader", "/parking/vehicles"),
    PageOf("parking-vehicles-free", "leader", "/parking/vehicles?show=free"),
    PageOf("parking-vehicle", "leader", f"/parking/vehicles/{PROPOSED}"),
    PageOf("parking-vehicle-worker", "worker", f"/parking/vehicles/{PROPOSED}"),
    PageOf("parking-slip", "leader", "/parking/notices", then="a[href$='/print']"),
    PageOf("parking-notices", "worker", "/parking/notices"),
    PageOf("parking-bans", "leader", "/parking/bans"),
    PageOf("parking-bans-property", "property", "/parking/bans?show=ended"),
    PageOf("parking-long-stays", "leader", "/parking/long-stays"),
    PageOf("parking-count", "worker", "/parking/count"),
    PageOf("parking-count-leader", "leader", "/parking/count"),
    PageOf("parking-count-none", "manager", "/parking/count"),
    PageOf("parking-count-zone", "leader", f"/parking/count/{ZONE}"),
    PageOf("parking-count-one", "worker", f"/parking/count/{COUNTED}"),
    PageOf("parking-see", "worker", "/parking/see"),
    PageOf("parking-see-none", "manager", "/parking/see"),
    PageOf("parking-evening", "worker", "/parking/evening"),
    PageOf("parking-evening-leader", "leader", "/parking/evening"),
    PageOf("rotas", "leader", "/rota"),
    PageOf("rota-gaps", "leader", "/rota?gaps=1"),
    PageOf("rota-new", "leader", "/rota/new"),
    PageOf("rota", "leader", f"/rota/{ROTA}"),
    PageOf("rota-plan", "leader", f"/rota/{ROTA}/plan?quarter=2026-04"),
    PageOf("rota-settings", "leader", f"/rota/{ROTA}/settings", most_bytes=90_000),
    PageOf("rota-swap", "leader", f"/rota/{ROTA}", then="a[href*='/swap?turn=']"),
    PageOf("rota-slips", "leader", f"/rota/{ROTA}/slips"),
    PageOf("my-rota", "worker", "/my/rota"),
    PageOf("data", "planner", "/data"),
    PageOf("data-layer", "planner", "/data/buildings"),
    PageOf("import", "planner", "/import"),
    PageOf("import-admin", "admin", "/import?street=10001"),
    PageOf("placing", "planner", "/placing"),
    PageOf("placing-put-away", "planner", "/placing?state=rejected"),
    PageOf("data-export", "planner", "/data/export", is_map=True),
    PageOf("renovation", "planner", "/renovation"),
    PageOf(
        "renovation-plan",
        "planner",
        f"/renovation?estate={DINGXIANG}&from=2026-02-28&to=2026-03-16",
        most_bytes=120_000,
    ),
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
