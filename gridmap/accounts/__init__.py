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
    tidy,
    tokens,
)
from gridmap.accounts.sign_ins import SignInRefused, SignIns
from gridmap.accounts.slips import account_of_slip, issue_slip, reset_password

__all__ = [
    "LEVELS_OF",
    "MIN_LENGTH",
    "AccountProblem",
    "Actor",
    "Device",
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
    "give_grant",
    "grants_of",
    "issue_slip",
    "keep_an_administrator",
    "plain_username",
    "random_password",
    "reset_password",
    "revoke_token",
    "revoke_tokens",
    "set_password",
    "tidy",
    "tokens",
    "weakness_of",
]
