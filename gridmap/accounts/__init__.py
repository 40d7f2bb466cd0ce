"""Accounts, sign-in, sessions, tokens, grants. Each command runs in the caller's transaction and is audited."""

from gridmap.accounts.actor import Actor, actor
from gridmap.accounts.grants import (
    LEVELS_OF,
    Grant,
    GrantProblem,
    end_grant,
    give_grant,
    grants_of,
    keep_an_administrator,
)
from gridmap.accounts.helping import HELPABLE, helper_settings, may_help
from gridmap.accounts.listing import STATES, Found, find_accounts, titles_of
from gridmap.accounts.passwords import MIN_LENGTH, WeakPassword, random_password, set_password, weakness_of
from gridmap.accounts.register import (
    AccountProblem,
    account_row,
    change_account,
    create_account,
    disable_account,
    enable_account,
    plain_username,
)
from gridmap.accounts.sessions import (
    Device,
    Token,
    close_session,
    close_sessions,
    create_token,
    devices,
    revoke_token,
    revoke_tokens,
    tokens,
)
from gridmap.accounts.sign_ins import SignInRefused, SignIns
from gridmap.accounts.slips import account_of_slip, issue_slip, reset_password

__all__ = [
    "HELPABLE",
    "LEVELS_OF",
    "MIN_LENGTH",
    "STATES",
    "AccountProblem",
    "Actor",
    "Device",
    "Found",
    "Grant",
    "GrantProblem",
    "SignInRefused",
    "SignIns",
    "Token",
    "WeakPassword",
    "account_of_slip",
    "account_row",
    "actor",
    "change_account",
    "close_session",
    "close_sessions",
    "create_account",
    "create_token",
    "devices",
    "disable_account",
    "enable_account",
    "end_grant",
    "find_accounts",
    "give_grant",
    "grants_of",
    "helper_settings",
    "issue_slip",
    "keep_an_administrator",
    "may_help",
    "plain_username",
    "random_password",
    "reset_password",
    "revoke_token",
    "revoke_tokens",
    "set_password",
    "titles_of",
    "tokens",
    "weakness_of",
]
