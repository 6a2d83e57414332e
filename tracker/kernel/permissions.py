"""Who may do what: one table, read top-down (product.md section 9, trust.md P9).

ANY: in the whole area.  OWN: only where the actor's own municipality is involved.
No entry: not at all.  The same table guards the pages and generates their access test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_


class Role(Labelled):
    """What a post may do; the value is pinned in contracts.md."""

    OFFICE = "office", N_("連携推進担当")
    LEAD = "lead", N_("主担当課")
    OFFICER = "officer", N_("町村担当")
    CONFIRMER = "confirmer", N_("確認者")
    READER = "reader", N_("閲覧")
    ADMIN = "admin", N_("管理者")


class Permission(StrEnum):
    """One thing that can be done; views name it, the table says who may."""

    PUBLIC = "public"
    OWN_ACCOUNT = "own_account"
    READ_AREA = "read_area"
    IMPORT_AGREEMENT = "import_agreement"
    EDIT_PROJECT = "edit_project"
    OPEN_ROUND = "open_round"
    WRITE_REPORT = "write_report"
    READ_TROUBLES = "read_troubles"
    CHECK_REPORT = "check_report"
    MANAGE_MEETING = "manage_meeting"
    PROPOSE_ITEM = "propose_item"
    ANSWER_POLL = "answer_poll"
    READ_POLL = "read_poll"
    CONFIRM_MINUTES = "confirm_minutes"
    FOLLOW_DECISION = "follow_decision"
    VIEW_MEETING_AS_HELD = "view_meeting_as_held"
    READ_COST_DRAFT = "read_cost_draft"
    DRAFT_COST = "draft_cost"
    CONFIRM_COST = "confirm_cost"
    READ_PAYMENTS = "read_payments"
    KEEP_PAYMENTS = "keep_payments"
    CLAIM_GRANT = "claim_grant"
    READ_QUESTION = "read_question"
    WRITE_QUESTION = "write_question"
    CONFIRM_QUESTION = "confirm_question"
    READ_LETTERS = "read_letters"
    MANAGE_LETTERS = "manage_letters"
    EDIT_CALENDAR = "edit_calendar"
    EDIT_FIGURES = "edit_figures"
    ENTER_USAGE = "enter_usage"
    HAND_OVER = "hand_over"
    LOOK_AT_CHANGES = "look_at_changes"
    CONFIRM_PEOPLE = "confirm_people"
    MANAGE_PEOPLE = "manage_people"
    READ_HISTORY = "read_history"
    DISPOSE_HISTORY = "dispose_history"


class Reach(Enum):
    """How far a permission goes."""

    ANY = "any"
    OWN = "own"


ANY, OWN = Reach.ANY, Reach.OWN
_EVERYONE = dict.fromkeys(Role, ANY)

TABLE: Mapping[Permission, Mapping[Role, Reach]] = {
    Permission.PUBLIC: _EVERYONE,
    Permission.OWN_ACCOUNT: _EVERYONE,
    Permission.READ_AREA: _EVERYONE,
    Permission.IMPORT_AGREEMENT: {Role.OFFICE: ANY, Role.ADMIN: ANY},
    Permission.EDIT_PROJECT: {Role.OFFICE: ANY, Role.LEAD: OWN},
    Permission.OPEN_ROUND: {Role.OFFICE: ANY},
    # The office never writes another municipality's words.
    Permission.WRITE_REPORT: {Role.OFFICE: OWN, Role.LEAD: OWN, Role.OFFICER: OWN},
    # Involved: the reporting municipality, the lead's and the hub.
    Permission.READ_TROUBLES: {
        Role.OFFICE: OWN,
        Role.LEAD: OWN,
        Role.OFFICER: OWN,
        Role.CONFIRMER: OWN,
    },
    # Involved: the municipality that leads the project.  Who of these checks a report, and never
    # its writer: projects.reports.rules.checkers.
    Permission.CHECK_REPORT: {
        Role.OFFICE: OWN,
        Role.LEAD: OWN,
        Role.OFFICER: OWN,
        Role.CONFIRMER: OWN,
    },
    Permission.MANAGE_MEETING: {Role.OFFICE: ANY},
    Permission.PROPOSE_ITEM: {Role.OFFICE: ANY, Role.OFFICER: ANY},
    # The office's answer for a town is marked 代理入力.
    Permission.ANSWER_POLL: {Role.OFFICE: ANY, Role.OFFICER: OWN},
    # What was answered and proposed in a municipality's name, by whom and when.
    Permission.READ_POLL: {Role.OFFICE: ANY, Role.OFFICER: OWN, Role.CONFIRMER: OWN},
    # Every municipality that sat at the meeting has its own word: meetings.minutes.rules.check_word.
    Permission.CONFIRM_MINUTES: {Role.CONFIRMER: ANY},
    # Each municipality says for itself how its part of a decision stands.
    Permission.FOLLOW_DECISION: {Role.OFFICE: OWN, Role.OFFICER: OWN},
    Permission.VIEW_MEETING_AS_HELD: {Role.OFFICE: OWN, Role.OFFICER: OWN, Role.CONFIRMER: OWN},
    # Involved: the municipality that leads the case's project.
    Permission.READ_COST_DRAFT: {Role.OFFICE: ANY, Role.LEAD: OWN},
    Permission.DRAFT_COST: {Role.OFFICE: ANY, Role.LEAD: OWN},
    Permission.CONFIRM_COST: {Role.CONFIRMER: OWN},
    # Involved: payer and payee; each records for its own side alone.
    Permission.READ_PAYMENTS: {**dict.fromkeys(Role, OWN), Role.OFFICE: ANY},
    Permission.KEEP_PAYMENTS: {Role.OFFICE: OWN, Role.LEAD: OWN, Role.OFFICER: OWN},
    # A municipality claims for itself alone.
    Permission.CLAIM_GRANT: {Role.OFFICE: OWN, Role.LEAD: OWN, Role.OFFICER: OWN},
    # Involved: the two sides of the agreement; of a draft the one that asks.  Each side writes and
    # confirms for itself alone.
    Permission.READ_QUESTION: dict.fromkeys(Role, OWN),
    Permission.WRITE_QUESTION: {Role.OFFICE: OWN, Role.OFFICER: OWN},
    Permission.CONFIRM_QUESTION: {Role.CONFIRMER: OWN},
    Permission.READ_LETTERS: {
        Role.OFFICE: ANY,
        Role.ADMIN: ANY,
        Role.LEAD: OWN,
        Role.OFFICER: OWN,
        Role.CONFIRMER: OWN,
    },
    Permission.MANAGE_LETTERS: {Role.OFFICE: ANY},
    Permission.EDIT_CALENDAR: {Role.OFFICE: ANY, Role.ADMIN: ANY, Role.OFFICER: OWN},
    Permission.EDIT_FIGURES: {Role.OFFICE: ANY, Role.ADMIN: ANY},
    # Involved: the municipality that leads the project.
    Permission.ENTER_USAGE: {Role.OFFICE: ANY, Role.LEAD: OWN},
    # The memos of one's own municipality are read, that of one's own post is written.
    Permission.HAND_OVER: dict.fromkeys(Role, OWN),
    # What another municipality entered of one's own posts and accounts.
    Permission.LOOK_AT_CHANGES: dict.fromkeys(Role, OWN),
    # Which posts then may be handed over: accounts.rules.check_hand_over.
    Permission.CONFIRM_PEOPLE: {Role.OFFICE: OWN, Role.OFFICER: OWN, Role.ADMIN: ANY},
    Permission.MANAGE_PEOPLE: {Role.ADMIN: ANY},
    # Of the whole area; of one's own municipality and of what everybody may read.
    Permission.READ_HISTORY: {Role.OFFICE: ANY, Role.ADMIN: ANY, Role.CONFIRMER: OWN},
    Permission.DISPOSE_HISTORY: {Role.OFFICE: ANY, Role.ADMIN: ANY},
}


@dataclass(frozen=True)
class Actor:
    """Who acts: an account seen as values, so that rules can ask without a database.

    `name` is municipality and post as people see it (今別町 企画担当); `municipality` is a slug.
    """

    person_id: int
    name: str
    role: Role
    municipality: str
    municipality_id: int
    municipality_name: str
    post_id: int
    is_hub: bool
    # Another municipality opened the account, or moved its post's address, and nobody of its own
    # has looked at it.
    is_held: bool = False
    # Has not put the words for those who begin away.
    is_new: bool = False


# What a held account does not do: speak for the municipality, or say who its people are.
_HELD_BACK = frozenset(
    {
        *(Permission.CONFIRM_COST, Permission.CONFIRM_QUESTION, Permission.CONFIRM_MINUTES),
        *(Permission.CONFIRM_PEOPLE, Permission.LOOK_AT_CHANGES),
    }
)
_CONFIRMER_HELD_BACK = _HELD_BACK | {Permission.CHECK_REPORT, Permission.VIEW_MEETING_AS_HELD}


def is_held_back(actor: Actor | None, permission: Permission) -> bool:
    """Whether the account may not do so only until somebody of its municipality has looked at it.

    Contracts.md, "Changed by others".
    """
    if actor is None or not actor.is_held:
        return False
    return permission in (_CONFIRMER_HELD_BACK if actor.role is Role.CONFIRMER else _HELD_BACK)


def reach(role: Role, permission: Permission) -> Reach | None:
    """How far the role's permission goes, or None."""
    return TABLE[permission].get(role)


def allowed(
    actor: Actor | None, permission: Permission, involved: Iterable[str] | None = None
) -> bool:
    """Whether the actor may; `involved` are the slugs of the municipalities concerned.

    With `involved=None` only the role is asked: may this person come in at all?
    """
    if permission is Permission.PUBLIC:
        return True
    if actor is None or is_held_back(actor, permission):
        return False
    match reach(actor.role, permission):
        case Reach.ANY:
            return True
        case Reach.OWN:
            return involved is None or actor.municipality in involved
        case _:
            return False


def who_may(permission: Permission) -> str:
    """The roles that may, in words: 連携推進担当・主担当課."""
    return "・".join(role.label for role in TABLE[permission])
