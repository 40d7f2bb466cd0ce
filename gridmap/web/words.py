"""How roles, levels, kinds and acts are called on pages. Declarations only: translated where they are printed."""

from gridmap.i18n import _

ROLES = {
    "worker": _("Grid worker"),
    "manager": _("Building manager"),
    "leader": _("Leader"),
    "handler": _("Handling office"),
    "duty_resident": _("Resident on duty"),
    "planner": _("Planner"),
    "administrator": _("Administrator"),
}
LEVELS = {
    "city": _("The whole city"),
    "street": _("A street"),
    "community": _("A community"),
    "grid": _("A grid"),
    "estate": _("An estate"),
    "held": _("The places held"),
    "organisation": _("The places of an organisation"),
}
ACCOUNT_STATES = {
    "active": _("In use"),
    "never": _("Never signed in"),
    "disabled": _("Closed"),
    "no_grant": _("Without any right"),
}
ABSENCE_KINDS = {"leave": _("On leave"), "left": _("Has left"), "other": _("Otherwise away")}
JOB_STATES = {"queued": _("Waiting"), "running": _("Running"), "done": _("Done"), "failed": _("Failed")}
DAY_KINDS = {"holiday": _("Day off"), "workday": _("Working day")}
ACTIONS = {
    "sign_in": _("Signed in"),
    "sign_out": _("Signed out"),
    "sign_out_everywhere": _("Signed out everywhere"),
    "lock_out": _("Locked after wrong passwords"),
    "create_account": _("Account made"),
    "change_account": _("Account changed"),
    "disable_account": _("Account closed"),
    "enable_account": _("Account opened again"),
    "set_password": _("Password set"),
    "reset_password": _("Password reset"),
    "issue_slip": _("Slip printed"),
    "use_slip": _("Slip used"),
    "create_token": _("Token made"),
    "revoke_token": _("Token ended"),
    "give_grant": _("Right given"),
    "end_grant": _("Right ended"),
    "add_person": _("Person added"),
    "change_person": _("Person changed"),
    "unmask": _("Name and phone shown"),
    "assign": _("Place given to somebody"),
    "end_assignment": _("Place taken from somebody"),
    "change_assignments": _("Places given in one change"),
    "undo_assignments": _("A change of places taken back"),
    "hand_over": _("Places handed over"),
    "read_homes": _("Homes looked up for a proposal"),
    "set_absence": _("Absence written"),
    "end_absence": _("Absence ended"),
    "open_street": _("Street opened"),
    "change_street": _("Street settings changed"),
    "add_community": _("Community added"),
    "set_calendar": _("Calendar changed"),
    "import": _("File loaded"),
    "export": _("File taken out"),
    "add_photo": _("Photo added to a check"),
    "explain_doubt": _("Entry explained"),
    "set_tier": _("Households put in a tier"),
}
SUBJECTS = {
    "account": _("Account"),
    "person": _("Person"),
    "assignment": _("Assignment"),
    "assignment_change": _("Change of assignments"),
    "assignments": _("Who looks after what"),
    "absence": _("Absence"),
    "street": _("Street"),
    "community": _("Community"),
    "calendar": _("Calendar"),
    "layer": _("Layer"),
}
DONE = {
    "signed_out": _("The device has been signed out."),
    "signed_out_all": _("All other devices have been signed out."),
    "signed_out_everywhere": _("Every device of the account has been signed out."),
    "password": _("Your password has been changed. Your other devices have been signed out."),
    "saved": _("Saved."),
    "token_ended": _("The token does not work any more."),
    "account_made": _("The account has been made. Give it a right, then print its slip."),
    "account_closed": _("The account has been closed. It is out within two seconds."),
    "account_opened": _("The account is open again."),
    "right_given": _("The right has been given."),
    "right_ended": _("The right has ended."),
    "absence_set": _("The absence has been written down."),
    "absence_ended": _("The absence has ended."),
    "explained": _("Thank you. The entries stand as they are."),
    "tiers": _("Written down."),
}
