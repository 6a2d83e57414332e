"""What the agreement asks of whom by when: one shape, and one table of its kinds (product.md 8).

Each feature tells its duties in its own `duties.py`; home, menu, calendar, letters and commands
are views of them.  A new kind is a row of KINDS and a function that returns its duties.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from tracker.kernel.permissions import Actor, Role
from tracker.kernel.steps import ESCALATION, Step, days, open_days
from tracker.kernel.translation import N_, _

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])

# By so many office days after it came, what was sent to somebody is looked at.
CHECK_WITHIN_OFFICE_DAYS = 5
# What is due later is not for now.
LOOK_AHEAD = timedelta(days=60)


class Kind(StrEnum):
    """What sort of thing is asked; the value is pinned in contracts.md."""

    REPORT_UNSUBMITTED = "report_unsubmitted"
    REPORT_RETURNED = "report_returned"
    REPORT_UNCHECKED = "report_unchecked"
    ROUND_UNOPENED = "round_unopened"
    ROUND_UNCLOSED = "round_unclosed"
    RESULTS_UNPUBLISHED = "results_unpublished"
    POLL_UNANSWERED = "poll_unanswered"
    MEETING_UNPLANNED = "meeting_unplanned"
    MEETING_UNHELD = "meeting_unheld"
    MEETING_UNDATED = "meeting_undated"
    NOTICE_UNSENT = "notice_unsent"
    ATTENDANCE_UNRECORDED = "attendance_unrecorded"
    VIEW_UNRECORDED = "view_unrecorded"
    MINUTES_UNCIRCULATED = "minutes_uncirculated"
    MINUTES_UNCONFIRMED = "minutes_unconfirmed"
    DECISION_OPEN = "decision_open"
    COST_UNSTARTED = "cost_unstarted"
    COST_UNSENT = "cost_unsent"
    COST_UNCONFIRMED = "cost_unconfirmed"
    COST_RETURNED = "cost_returned"
    COST_UNRECONCILED = "cost_unreconciled"
    INSTALMENT_DUE = "instalment_due"
    RECEIPT_UNRECORDED = "receipt_unrecorded"
    QUESTION_OPEN = "question_open"
    QUESTION_UNSETTLED = "question_unsettled"
    QUESTION_UNCONFIRMED = "question_unconfirmed"
    PERSON_UNCONFIRMED = "person_unconfirmed"
    HANDOVER_UNWRITTEN = "handover_unwritten"
    ADDRESS_UNDELIVERABLE = "address_undeliverable"
    LETTER_HELD = "letter_held"
    CHANGE_UNSEEN = "change_unseen"
    NAME_SHARED = "name_shared"
    ROLE_VACANT = "role_vacant"


class _Owner(NamedTuple):
    """The kind of post that owes it and gets its letters; the roles that find it at home."""

    role: str
    home: frozenset[Role]


_OFFICE, _LEAD, _OFFICER, _CONFIRMER = (
    _Owner(role, frozenset({role}))
    for role in (Role.OFFICE, Role.LEAD, Role.OFFICER, Role.CONFIRMER)
)
# A head's secretary has no account: the officer beside it, or the office, may answer as well.
_SECRETARY = _Owner("secretary", frozenset({Role.OFFICER, Role.OFFICE}))
# The section that leads a project, or the office: checks its reports, drafts its cases.
_SECTION = _Owner(Role.LEAD, frozenset({Role.LEAD, Role.OFFICE}))
# Whoever looks after the agreement: a town's officer, the office where the hub itself is asked.
_CONTACT = (_OFFICER, _OFFICE)
_AND_CONFIRMER = (
    _Owner(Role.OFFICER, frozenset({Role.OFFICER, Role.CONFIRMER})),
    _Owner(Role.OFFICE, frozenset({Role.OFFICE, Role.CONFIRMER})),
)


def _both(owner: _Owner) -> tuple[_Owner, _Owner]:
    return owner, owner


def _always(letter: str) -> tuple[str, str]:
    return letter, letter


@dataclass(frozen=True)
class KindRule:
    """All that is the same for every duty of a kind; no column has a default.

    label: its name in lists of kinds.  article: of the agreement.  menu: the item that counts it
    (plumbing/pages.py, NAV).  who: who owes it in a town, and in the hub.  title, subject: on
    pages and in letters; they may name {name}, {detail} and {n} (what is left).  steps: when it
    is mentioned unless the page 送る日 says otherwise.  letters: the text that mentions it until
    its day, and after it.  ends_with_its_day: nobody can do it afterwards, a late letter would
    only puzzle.
    """

    label: str
    article: int
    menu: str
    who: tuple[_Owner, _Owner]
    title: str
    subject: str
    button: str
    steps: tuple[Step, ...]
    letters: tuple[str, str]
    ends_with_its_day: bool


# What the office, or whoever goes on, is told of as its next step.
_NEXT_STEP: Mapping[str, Any] = {"letters": _always("next_step"), "ends_with_its_day": False}
_REPORTS: Mapping[str, Any] = {"article": 3, "menu": "reports"}
_MEETINGS: Mapping[str, Any] = {"article": 5, "menu": "meetings"}
_IN_6: Mapping[str, Any] = {**_NEXT_STEP, "article": 6, "menu": "questions", "subject": "{name}"}
_COST_STEP: Mapping[str, Any] = {"article": 4, "menu": "costs", **_NEXT_STEP}
KINDS: Mapping[Kind, KindRule] = {
    Kind.REPORT_UNSUBMITTED: KindRule(
        label=N_("進捗報告の提出"),
        **_REPORTS,
        who=(_OFFICER, _LEAD),
        title=N_("{name}{detail}の進捗を報告する"),
        subject=N_("{name}の進捗報告"),
        button=N_("順に進める"),
        steps=(*days(-14, -7, -3), *open_days(1), *ESCALATION),
        letters=("report_unsubmitted", "report_overdue"),
        ends_with_its_day=False,
    ),
    Kind.REPORT_RETURNED: KindRule(
        label=N_("差し戻された進捗報告"),
        **_REPORTS,
        who=(_OFFICER, _LEAD),
        title=N_("差し戻された進捗報告を直す　{n}件"),
        subject=N_("差し戻された{name}の進捗報告"),
        button=N_("直して出す"),
        steps=(*open_days(-1, 1), *ESCALATION),
        letters=_always("report_unanswered"),
        ends_with_its_day=False,
    ),
    Kind.REPORT_UNCHECKED: KindRule(
        label=N_("進捗報告の確認"),
        **_REPORTS,
        who=_both(_SECTION),
        title=N_("進捗報告を確認する　{n}件"),
        subject=N_("進捗報告の確認（{n}件）"),
        button=N_("確認する"),
        steps=(*open_days(0), *ESCALATION),
        letters=_always("report_unchecked"),
        ends_with_its_day=False,
    ),
    Kind.ROUND_UNOPENED: KindRule(
        label=N_("進捗報告の依頼を始めること"),
        **_REPORTS,
        who=_both(_OFFICE),
        title=N_("{name}をお願いする"),
        subject="{name}",
        button=N_("お願いを送る"),
        steps=days(-7, 0),
        **_NEXT_STEP,
    ),
    Kind.ROUND_UNCLOSED: KindRule(
        label=N_("進捗報告の締切り"),
        **_REPORTS,
        who=_both(_OFFICE),
        title=N_("{name}を締め切る"),
        subject="{name}",
        button=N_("一覧を開く"),
        steps=open_days(0),
        **_NEXT_STEP,
    ),
    Kind.RESULTS_UNPUBLISHED: KindRule(
        label=N_("実績と決算額の公表"),
        article=3,
        menu="measures",
        who=_both(_OFFICE),
        title=N_("{name}を公表する"),
        subject="{name}",
        button=N_("内容を確かめる"),
        steps=days(-14, 0),
        **_NEXT_STEP,
    ),
    Kind.POLL_UNANSWERED: KindRule(
        label=N_("市町村長会議の日程の回答"),
        **_MEETINGS,
        who=_both(_SECRETARY),
        title=N_("{name}のご予定を回答する"),
        subject=N_("市町村長会議の日程の御回答"),
        button=N_("回答する"),
        steps=open_days(-3, -1),
        letters=_always("poll_unanswered"),
        ends_with_its_day=True,
    ),
    Kind.MEETING_UNPLANNED: KindRule(
        label=N_("市町村長会議の準備（第5条）"),
        **_MEETINGS,
        who=_both(_OFFICE),
        title=N_("{name}を準備する"),
        subject="{name}",
        button=N_("準備する"),
        steps=days(-100, -60, -30),
        letters=_always("meeting_unplanned"),
        ends_with_its_day=False,
    ),
    Kind.MEETING_UNHELD: KindRule(
        label=N_("市町村長会議の開催（第5条）"),
        **_MEETINGS,
        # Once it is being prepared, its next step stands on the home page instead.
        who=_both(_Owner(Role.OFFICE, frozenset())),
        title=N_("{name}を準備する"),
        subject="{name}",
        button=N_("準備する"),
        steps=days(-100, -60, -30),
        letters=_always("meeting_unheld"),
        ends_with_its_day=False,
    ),
    Kind.MEETING_UNDATED: KindRule(
        label=N_("市町村長会議の日程の決定"),
        **_MEETINGS,
        who=_both(_OFFICE),
        title=N_("市町村長会議の日程を決める"),
        subject=N_("市町村長会議の日程を決める"),
        button=N_("日程調整を開く"),
        steps=open_days(1),
        **_NEXT_STEP,
    ),
    Kind.NOTICE_UNSENT: KindRule(
        label=N_("市町村長会議の開催案内"),
        **_MEETINGS,
        who=_both(_OFFICE),
        title=N_("市町村長会議の開催案内を送る"),
        subject=N_("市町村長会議の開催案内を送る"),
        button=N_("案内を作る"),
        steps=days(-3),
        **_NEXT_STEP,
    ),
    Kind.ATTENDANCE_UNRECORDED: KindRule(
        label=N_("市町村長会議の出席の記録"),
        **_MEETINGS,
        who=_both(_OFFICE),
        title=N_("市町村長会議の出席を記録する"),
        subject=N_("市町村長会議の出席を記録する"),
        button=N_("記録する"),
        steps=open_days(0),
        **_NEXT_STEP,
    ),
    Kind.VIEW_UNRECORDED: KindRule(
        label=N_("市町村長会議の扱いの記録"),
        **_MEETINGS,
        who=_AND_CONFIRMER,
        title=N_("市町村長会議をどう扱うかを記録する"),
        subject=N_("市町村長会議の扱いの記録"),
        button=N_("記録する"),
        steps=(*open_days(-3, 1), *ESCALATION),
        **_NEXT_STEP,
    ),
    Kind.MINUTES_UNCIRCULATED: KindRule(
        label=N_("市町村長会議の議事録の送付"),
        **_MEETINGS,
        who=_both(_OFFICE),
        title=N_("{name}を送る"),
        subject="{name}",
        button=N_("議事録を開く"),
        steps=open_days(0),
        **_NEXT_STEP,
    ),
    Kind.MINUTES_UNCONFIRMED: KindRule(
        label=N_("市町村長会議の議事録の確認"),
        **_MEETINGS,
        who=_AND_CONFIRMER,
        title=N_("{name}を確認する"),
        subject="{name}",
        button=N_("内容を確認する"),
        steps=(*open_days(-3, 1), *ESCALATION),
        **_NEXT_STEP,
    ),
    Kind.DECISION_OPEN: KindRule(
        label=N_("市町村長会議の決定事項の状況"),
        **_MEETINGS,
        who=_CONTACT,
        title=N_("{name}の状況を知らせる"),
        subject="{name}",
        button=N_("状況を知らせる"),
        steps=(*days(-14, 0), *ESCALATION),
        letters=_always("decision_open"),
        ends_with_its_day=False,
    ),
    Kind.COST_UNSTARTED: KindRule(
        label=N_("費用負担の協議を始めること"),
        who=_both(_OFFICE),
        title=N_("{name}の協議を始める　{n}件"),
        subject="{name}",
        button=N_("案を作る"),
        steps=days(-30),
        **_COST_STEP,
    ),
    Kind.COST_UNSENT: KindRule(
        label=N_("費用負担の案の送付"),
        who=_both(_SECTION),
        title=N_("{name}を送る　{n}件"),
        subject="{name}",
        button=N_("開く"),
        steps=(*days(-14), *ESCALATION),
        **_COST_STEP,
    ),
    Kind.COST_UNCONFIRMED: KindRule(
        label=N_("費用負担の案の確認"),
        article=4,
        menu="costs",
        who=_both(_CONFIRMER),
        title=N_("費用負担の案を確認する"),
        subject=N_("{name}（案）の御確認"),
        button=N_("内容を確認する"),
        steps=(*days(-2), *ESCALATION),
        letters=_always("cost_unconfirmed"),
        ends_with_its_day=False,
    ),
    Kind.COST_RETURNED: KindRule(
        label=N_("費用負担の案への意見"),
        who=_both(_SECTION),
        title=N_("{name}への意見に答える"),
        subject=N_("{name}（案）への意見"),
        button=N_("意見を読む"),
        # The opinion itself came by a letter of its own (M14).
        steps=(*open_days(0), *ESCALATION),
        **_COST_STEP,
    ),
    Kind.COST_UNRECONCILED: KindRule(
        label=N_("費用負担の精算"),
        who=_both(_OFFICE),
        title=N_("{name}を精算する　{n}件"),
        subject="{name}",
        button=N_("案を作る"),
        steps=days(-14, -3),
        **_COST_STEP,
    ),
    Kind.INSTALMENT_DUE: KindRule(
        label=N_("負担金の納入"),
        who=_CONTACT,
        title=N_("{name}を納める"),
        subject="{name}",
        button=N_("金額を確かめる"),
        steps=(*days(-14, -3), *ESCALATION),
        **_COST_STEP,
    ),
    Kind.RECEIPT_UNRECORDED: KindRule(
        label=N_("負担金の受け取りの記録"),
        who=(_Owner(Role.OFFICER, frozenset({Role.OFFICER, Role.LEAD})), _SECTION),
        title=N_("{name}の受け取りを記録する　{n}件"),
        subject=N_("{name}の受け取り"),
        button=N_("入金を確かめる"),
        steps=(*open_days(0), *ESCALATION),
        **_COST_STEP,
    ),
    Kind.QUESTION_OPEN: KindRule(
        label=N_("疑義への回答（第6条）"),
        who=_CONTACT,
        title=N_("{name}に回答する"),
        button=N_("考えを書く"),
        steps=(*open_days(-3, 1), *ESCALATION),
        **_IN_6,
    ),
    Kind.QUESTION_UNSETTLED: KindRule(
        label=N_("疑義について定める内容の案（第6条）"),
        who=_CONTACT,
        title=N_("{name}の案を作る"),
        button=N_("開く"),
        steps=(*open_days(0), *ESCALATION),
        **_IN_6,
    ),
    Kind.QUESTION_UNCONFIRMED: KindRule(
        label=N_("疑義について定める内容の確認（第6条）"),
        who=_both(_CONFIRMER),
        title=N_("{name}を確認する"),
        button=N_("内容を確認する"),
        steps=(*open_days(-3, 1), *ESCALATION),
        **_IN_6,
    ),
    Kind.PERSON_UNCONFIRMED: KindRule(
        label=N_("4月の担当者の確認"),
        article=4,
        menu="home",
        who=_CONTACT,
        title=N_("担当者を確認する"),
        subject="{name}",
        button=N_("確認する"),
        # Not on 1 April itself: where that is a Saturday, the day before is last year's.
        steps=(*days(-25, -7), *open_days(1), *ESCALATION),
        letters=_always("person_unconfirmed"),
        ends_with_its_day=False,
    ),
    Kind.HANDOVER_UNWRITTEN: KindRule(
        label=N_("3月の引継ぎメモ"),
        article=4,
        menu="home",
        who=_CONTACT,
        title=N_("引継ぎメモを書く"),
        subject="{name}",
        button=N_("書く"),
        steps=days(-11, -3),
        letters=_always("handover_unwritten"),
        ends_with_its_day=False,
    ),
    Kind.ADDRESS_UNDELIVERABLE: KindRule(
        label=N_("届かなかったメール"),
        article=5,
        menu="notices",
        who=_both(_OFFICE),
        title=N_("届かなかったメール{n}件を確かめて送り直す"),
        subject=N_("届かなかったメール（{n}件）"),
        button=N_("確かめる"),
        # Told at once, by a letter of its own (M24).
        steps=(),
        **_NEXT_STEP,
    ),
    Kind.LETTER_HELD: KindRule(
        label=N_("保留しているメール"),
        article=5,
        menu="notices",
        who=_both(_OFFICE),
        title=N_("保留しているメール{n}件を送るか決める"),
        subject=N_("保留しているメール（{n}件）"),
        button=N_("確かめる"),
        # While a backup was just restored no letter goes out.
        steps=(),
        **_NEXT_STEP,
    ),
    Kind.CHANGE_UNSEEN: KindRule(
        label=N_("ほかの市町村による登録の確認"),
        article=5,
        menu="home",
        # Whoever of the municipality comes first.
        who=(_Owner(Role.OFFICER, frozenset(Role)), _Owner(Role.OFFICE, frozenset(Role))),
        title=N_("ほかの市町村が登録した宛先・利用者を確認する　{n}件"),
        subject=N_("ほかの市町村が登録した宛先・利用者の確認（{n}件）"),
        button=N_("確認する"),
        # Told at once, by a letter of its own (changed_by_others).
        steps=ESCALATION,
        **_NEXT_STEP,
    ),
    Kind.NAME_SHARED: KindRule(
        label=N_("見分けのつかない役職の名前"),
        article=4,
        menu="home",
        who=_both(_Owner(Role.ADMIN, frozenset({Role.ADMIN}))),
        title=N_("見分けのつかない役職の名前を直す　{n}件"),
        subject=N_("見分けのつかない役職の名前（{n}件）"),
        button=N_("名前を直す"),
        # It harms nobody by itself: home is enough.
        steps=(),
        **_NEXT_STEP,
    ),
    Kind.ROLE_VACANT: KindRule(
        label=N_("担当のいない役割"),
        article=4,
        menu="home",
        who=_both(_Owner(Role.ADMIN, frozenset({Role.ADMIN}))),
        title=N_("担当のいない役割に利用者を登録する　{n}件"),
        subject=N_("担当のいない役割（{n}件）"),
        button=N_("利用者と役職を開く"),
        # The office hears of what is not done meanwhile by the steps of that.
        steps=(),
        **_NEXT_STEP,
    ),
}


@dataclass(frozen=True)
class DutyItem:
    """One line under a duty: a report still to write, with its state as a chip."""

    label: str
    url: str
    kind: str
    state: str
    action: str


class PersonalLink(NamedTuple):
    """Which personal link a letter leads to: its kind and the row it opens.

    Never the link itself: whoever has that acts for its owner, so it is made while the letter goes
    out, from what the row says then (mail/links.py).
    """

    kind: str
    row_id: int


@dataclass(frozen=True)
class Duty:
    """Something the agreement asks of a municipality (by slug) by some day, in Tokyo.

    `key` stays as long as it is the same thing: letters are counted by it.  `name` and `detail`
    are what the kind's title names.  `remaining` of `total` things are left, none when it is
    done.  Letters go to the post `to_post_id`, or where it is None to the posts of kind `to_role`.
    `known_since` is the instant from which it could be known (UTC), None where it has always been
    there: no mention belongs before it.
    """

    kind: Kind
    key: str
    municipality: str
    is_hub: bool
    due_on: date
    url: str
    text: str
    name: str = ""
    detail: str = ""
    remaining: int = 1
    total: int = 0
    agreement: str | None = None
    to_post_id: int | None = None
    # Where role and post do not say it: the persons (ids) who find it at home.
    only: frozenset[int] | None = None
    known_since: datetime | None = None
    items: tuple[DutyItem, ...] = ()
    # What there is to press where the kind's own button would lead nowhere any more.
    instead: str | None = None
    # What a letter lists line by line, when it is not the items.
    listed: tuple[str, ...] = ()
    # Where a letter leads, when it is not the page for those who sign in.
    link: PersonalLink | None = None

    @property
    def rule(self) -> KindRule:
        """What it shares with all duties of its kind."""
        return KINDS[self.kind]

    @property
    def title(self) -> str:
        """What is to be done: 「上期（4月〜9月）の進捗を報告する」."""
        return _(self.rule.title).format(name=self.name, detail=self.detail, n=self.remaining)

    @property
    def button(self) -> str:
        """What is pressed at home: 「回答する」."""
        return self.instead or _(self.rule.button)

    @property
    def subject(self) -> str:
        """The matter as a letter names it: 「上期の進捗報告」."""
        return _(self.rule.subject).format(name=self.name, detail=self.detail, n=self.remaining)

    @property
    def to_role(self) -> str:
        """The kind of post that owes it."""
        return self.rule.who[self.is_hub].role

    @property
    def is_done(self) -> bool:
        """Whether nothing is left of it."""
        return not self.remaining

    def state(self, today: date) -> str:
        """open, overdue or done."""
        if self.is_done:
            return "done"
        return "overdue" if self.due_on < today else "open"

    def is_for(self, actor: Actor) -> bool:
        """Whether the actor finds it on the home page; of the role asked, perhaps one post only."""
        if self.only is not None:
            return actor.person_id in self.only
        home = self.rule.who[self.is_hub].home
        if self.municipality != actor.municipality or actor.role not in home:
            return False
        only_one_post = actor.role == self.to_role and self.to_post_id is not None
        return not only_one_post or self.to_post_id == actor.post_id


def is_ahead(duty: Duty, today: date) -> bool:
    """Whether its day is so far off that it is not for now (この先の予定)."""
    return duty.due_on - today > LOOK_AHEAD


def owed(duties: Iterable[Duty], actor: Actor) -> tuple[Duty, ...]:
    """What the actor must do now."""
    return tuple(duty for duty in duties if not duty.is_done and duty.is_for(actor))


def some(names: Iterable[str]) -> str:
    """The first two names, and how many more: 「農業研修事業、大学連携推進事業ほか3件」."""
    distinct = list(dict.fromkeys(names))
    more = _("ほか%(count)s件", count=len(distinct) - 2) if len(distinct) > 2 else ""
    return "、".join(distinct[:2]) + more


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> Iterable[tuple[K, list[T]]]:
    """The rows by their key, in its order: what one duty is about."""
    return ((found, list(group)) for found, group in groupby(sorted(rows, key=key), key))
