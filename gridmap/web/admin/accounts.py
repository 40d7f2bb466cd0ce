"""Accounts: found, made, closed, reset; the printed slip."""

import segno
from flask import abort, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.accounts import (
    STATES,
    AccountProblem,
    GrantProblem,
    account_row,
    change_account,
    close_sessions,
    create_account,
    devices,
    disable_account,
    enable_account,
    find_accounts,
    grants_of,
    issue_slip,
    reset_password,
    revoke_token,
    tokens,
)
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.web.admin.choosing import Choice, people_named
from gridmap.web.admin.guard import for_administrators, for_leaders, must_help, settings
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, say, titled, typed
from gridmap.web.words import ACCOUNT_STATES, LEVELS, ROLES

SLIPS_AT_ONCE = 60
PROBLEMS = {
    "username": _("A user name has 2 to 64 letters, digits, dots, dashes or underscores, and no spaces."),
    "taken": _("This user name is taken."),
    "title": _("Say how the account is shown, in at most 100 characters."),
    "person": _("There is no such person."),
    "locale": _("There is no such language."),
    "last": _("This is the last administrator. Make another one first."),
}


@pages.get("/admin/accounts")
@for_leaders
def accounts() -> str:
    """All accounts, or those of the people in a leader's scope."""
    return _list_page()


@pages.route("/admin/accounts/new", methods=["GET", "POST"])
@for_administrators
def new_account() -> str | Response | tuple[str, int]:
    """Make an account; who it is for is found by name."""
    if request.method == "GET":
        return render_template("admin/account_new.html", problem="", choices=None, typed={})
    with context.services().database.transaction(settings()) as connection:
        person_id, choices = number(request.form, "person_id"), []
        if person_id is None and typed("person"):
            choices = people_named(connection, typed("person"))
            if len(choices) != 1:
                return _new_problem(choices)
            person_id = choices[0].id
        try:
            account_id = create_account(
                connection,
                actor(),
                username=typed("username"),
                title=typed("title", 1000),
                person_id=person_id,
                locale=typed("locale"),
            )
        except AccountProblem as problem:
            return _new_problem(None, say(PROBLEMS[problem.reason]))
    return redirect(url_for("pages.account_of", account_id=account_id, done="account_made"), 303)


@pages.get("/admin/accounts/<int:account_id>")
@for_leaders
def account_of(account_id: int) -> str:
    """One account: its rights, devices and tokens, and what can be done with it."""
    must_help(account_id)
    return _account_page(account_id)


@pages.post("/admin/accounts/<int:account_id>/title")
@for_administrators
def rename_account(account_id: int) -> Response | tuple[str, int]:
    """Change how the account is shown, and its language."""
    title, locale = typed("title", 1000), request.form.get("locale", "")
    try:
        with context.services().database.transaction(settings()) as connection:
            _must_exist(connection, account_id)
            change_account(connection, actor(), account_id, title=title, locale=locale)
    except AccountProblem as problem:
        return _account_page(account_id, say(PROBLEMS[problem.reason])), 422
    return _done(account_id, "saved")


@pages.post("/admin/accounts/<int:account_id>/close")
@for_administrators
def close_account(account_id: int) -> Response | tuple[str, int]:
    """Close the account: it is out within two seconds."""
    try:
        with context.services().database.transaction(settings()) as connection:
            _must_exist(connection, account_id)
            disable_account(connection, actor(), account_id, why=typed("why", 200))
    except GrantProblem as problem:
        return _account_page(account_id, say(PROBLEMS[problem.reason])), 422
    return _done(account_id, "account_closed")


@pages.post("/admin/accounts/<int:account_id>/open")
@for_administrators
def open_account(account_id: int) -> Response:
    """Open a closed account again."""
    with context.services().database.transaction(settings()) as connection:
        _must_exist(connection, account_id)
        enable_account(connection, actor(), account_id)
    return _done(account_id, "account_opened")


@pages.post("/admin/accounts/<int:account_id>/sign-out")
@for_leaders
def sign_out_account(account_id: int) -> Response:
    """Somebody else's lost phone: sign every device of the account out."""
    must_help(account_id)
    with context.services().database.transaction(settings()) as connection:
        close_sessions(connection, actor(), account_id)
    return _done(account_id, "signed_out_everywhere")


@pages.post("/admin/accounts/<int:account_id>/reset")
@for_leaders
def reset_account(account_id: int) -> Response:
    """Take the password away, sign every device out, and show the slip that leads to a new password."""
    must_help(account_id)
    with context.services().database.transaction(settings()) as connection:
        _must_exist(connection, account_id)
        secret = reset_password(connection, actor(), account_id)
    context.services().sign_ins.forget()
    return slips_page({account_id: secret})


@pages.post("/admin/accounts/<int:account_id>/tokens/<int:token_id>/end")
@for_administrators
def end_token_of(account_id: int, token_id: int) -> Response:
    """End a token of the account."""
    with context.services().database.transaction(settings()) as connection:
        revoke_token(connection, actor(), account_id, token_id)
    return _done(account_id, "token_ended")


@pages.post("/admin/accounts/slips")
@for_leaders
def print_slips() -> Response:
    """Slips for the chosen accounts: those that have never signed in, or of which the box was ticked."""
    chosen = [int(text) for text in request.form.getlist("account") if text.isascii() and text.isdigit()]
    if not chosen or len(chosen) > SLIPS_AT_ONCE:
        abort(400)
    for account_id in chosen:
        must_help(account_id)
    with context.services().database.transaction(settings()) as connection:
        secrets = {account_id: issue_slip(connection, actor(), account_id) for account_id in sorted(set(chosen))}
    return slips_page(secrets)


def _list_page() -> str:
    state, role = request.args.get("state"), request.args.get("role")
    page = page_number()
    with context.services().database.transaction(settings()) as connection:
        found = find_accounts(
            connection,
            actor().business_at,
            text=typed("q"),
            state=state if state in STATES else None,
            role=role if role in ROLES else None,
            only_people=not context.viewer().administers,
            limit=PAGE_SIZE,
            offset=(page - 1) * PAGE_SIZE,
        )
    return render_template(
        "admin/accounts.html",
        found=found,
        page=page,
        page_count=-(-found.total // PAGE_SIZE),
        states=ACCOUNT_STATES,
        roles=ROLES,
        states_here=titled(ACCOUNT_STATES),
        roles_here=titled(ROLES),
        state=state,
        role=role,
    )


def _account_page(account_id: int, problem: str = "") -> str:
    by = actor()
    with context.services().database.transaction(settings()) as connection:
        shown = {
            "account": _must_exist(connection, account_id),
            "grants": grants_of(connection, account_id, by.business_at),
            "devices": devices(connection, account_id, by.at),
            "tokens": tokens(connection, account_id, by.at),
            "person": _person_of(connection, account_id),
        }
    return render_template(
        "admin/account.html", **shown, problem=problem, roles=ROLES, levels=LEVELS, now=by.business_at
    )


def _new_problem(choices: list[Choice] | None, problem: str = "") -> tuple[str, int]:
    return render_template("admin/account_new.html", problem=problem, choices=choices, typed=request.form), 422


def _must_exist(connection: Connection, account_id: int) -> dict[str, object]:
    try:
        return account_row(connection, account_id)
    except LookupError:
        abort(404)


def _person_of(connection: Connection, account_id: int) -> dict[str, object] | None:
    return connection.execute(
        "SELECT p.id, p.display_name, p.phone_masked, c.name AS community, s.name AS street"
        " FROM gridmap.account a"
        " JOIN gridmap.person p ON p.street_id = (a.person_id >> 32)::integer AND p.id = a.person_id"
        " JOIN gridmap.street s ON s.id = p.street_id"
        " LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id"
        " WHERE a.id = %s",
        (account_id,),
    ).fetchone()


def _done(account_id: int, done: str) -> Response:
    context.services().sign_ins.forget()
    return redirect(url_for("pages.account_of", account_id=account_id, done=done), 303)


SLIP_OF = """
SELECT a.id, a.username, a.title, s.name AS street, s.settings ->> 'office_name' AS office,
  s.settings ->> 'office_phone' AS phone, e.expires_at
FROM gridmap.account a
LEFT JOIN gridmap.street s ON s.id = (a.person_id >> 32)::integer
LEFT JOIN LATERAL (
  SELECT max(expires_at) AS expires_at FROM gridmap.sign_in_slip WHERE account_id = a.id AND used_at IS NULL
) e ON true
WHERE a.id = ANY (%s) ORDER BY a.username
"""


def slips_page(secrets: dict[int, str], back: tuple[str, str] | None = None) -> Response:
    """The page of slips to print: secrets by account; `back`: the title and address of the page before it."""
    with context.services().database.transaction(settings()) as connection:
        rows = connection.execute(SLIP_OF, (sorted(secrets),)).fetchall()
    slips = [row | _address_of(secrets[row["id"]]) for row in rows]
    response = make_response(render_template("slip.html", slips=slips, back=back))
    response.headers["Cache-Control"] = "no-store"
    return response


def _address_of(secret: str) -> dict[str, object]:
    base = context.services().settings.base_url or request.host_url
    address = base.rstrip("/") + url_for("pages.enter", secret=secret)
    code = segno.make(address, error="m", micro=False)
    # drawn with attributes only: the page's policy takes no inline style
    drawing = code.svg_inline(
        scale=4, border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return {"address": address, "drawing": Markup(drawing)}  # noqa: S704 - segno's own drawing of our own address
