"""The page of a plan as HTML: inside the house below the site's own styles, or as one file that needs nothing else."""

from functools import lru_cache, partial
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gridmap.clock import OFFICE
from gridmap.i18n import _, translate
from gridmap.layers.gaps import REASONS
from gridmap.renovation.figures import NO_LIFT_FROM, Plan
from gridmap.renovation.picture import picture_of

STYLES = ("tokens.css", "renovation.css")
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
TITLE = _("Renovation plan")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # every word of the database is escaped; the drawing holds none
    return Environment(loader=PackageLoader("gridmap"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def sheet_of(plan: Plan, locale: str) -> Markup:
    """The sheet as a piece of HTML, for a page that brings css/renovation.css."""
    say = partial(translate, locale)
    text = _environment().get_template("renovation/sheet.html").render(
        plan=plan,
        say=say,
        count=lambda number: f"{number:,.0f}",
        picture=picture_of(plan),
        reasons={code: say(style.title) for code, style in REASONS.items()},
        storeys=NO_LIFT_FROM,
        made_at=plan.made_at.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M"),
        most=lambda rows: max((row[1] for row in rows), default=1),
    )  # fmt: skip
    return Markup(text)  # noqa: S704 - made by an environment that escapes


def page_of(plan: Plan, locale: str) -> bytes:
    """The sheet as one HTML file that opens from a disk, asks nobody for anything and runs nothing."""
    folder = files("gridmap") / "static" / "css"
    css = "\n".join((folder / name).read_text("utf-8") for name in STYLES)
    names = "、".join(one.name for one in plan.estates) if locale == "zh" else ", ".join(o.name for o in plan.estates)
    text = _environment().get_template("renovation/file.html").render(
        sheet=sheet_of(plan, locale),
        css=Markup(css),  # noqa: S704 - our own style sheets
        csp=CSP,
        lang="zh-CN" if locale == "zh" else locale,
        title=f"{translate(locale, TITLE)} · {names}",
    )  # fmt: skip
    return text.encode()
