"""Every kind of what the agreement asks of somebody: one row each (product.md 8; contracts.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import partial
from typing import NamedTuple, ParamSpec, Self

from tracker.duty.steps import ESCALATION, Step, days, open_days
from tracker.kernel.permissions import Role
from tracker.kernel.translation import N_

P = ParamSpec("P")


class _Roles(NamedTuple):
    """The kind of post that owes it and gets its letters; the roles that find it at home."""

    role: str
    home: frozenset[Role]


@dataclass(frozen=True)
class KindRule:
    """All that is the same for every duty of a kind; no column has a default.

    label: its name in lists of kinds.  title, subject: on pages and in letters; they may name {name},
    {detail} and {n} (what is left).  steps: when it is mentioned unless the page 送る日 says
    otherwise.  who: who owes it in a town, and in the hub.  article: of the agreement.  menu: the
    item that counts it (sections/rules.py, NAV).  letters: the text that mentions it until its day,
    and after it.  ends_with_its_day: nobody can do it afterwards, a late letter would only puzzle.
    """

    label: str
    title: str
    button: str
    steps: tuple[Step, ...]
    subject: str
    who: tuple[_Roles, _Roles]
    article: int
    menu: str
    letters: tuple[str, str]
    ends_with_its_day: bool


def _both(one: _Roles) -> tuple[_Roles, _Roles]:
    return one, one


def _named(make: Callable[P, KindRule]) -> Callable[P, tuple[auto, KindRule]]:
    """The row with a place for its name, which the enum puts in."""
    return lambda *row, **more: (auto(), make(*row, **more))


def _always(letter: str) -> tuple[str, str]:
    return letter, letter


_OFFICE, _LEAD, _OFFICER, _CONFIRMER, _ADMIN = (
    _Roles(role, frozenset({role}))
    for role in (Role.OFFICE, Role.LEAD, Role.OFFICER, Role.CONFIRMER, Role.ADMIN)
)
# A head's secretary has no account: the officer beside it, or the office, may answer as well.
_SECRETARY = _Roles("secretary", frozenset({Role.OFFICER, Role.OFFICE}))
# The section that leads a project, or the office: checks its reports, drafts its cases.
_SECTION = _Roles(Role.LEAD, frozenset({Role.LEAD, Role.OFFICE}))
# Whoever keeps the payments of a project: a town's officer or section, the hub's section or office.
_KEEPER = (_Roles(Role.OFFICER, frozenset({Role.OFFICER, Role.LEAD})), _SECTION)
# Whoever looks after the agreement: a town's officer, the office where the hub itself is asked.
_CONTACT = (_OFFICER, _OFFICE)
_AND_CONFIRMER = (
    _Roles(Role.OFFICER, frozenset({Role.OFFICER, Role.CONFIRMER})),
    _Roles(Role.OFFICE, frozenset({Role.OFFICE, Role.CONFIRMER})),
)

# What the rows of a section have in common: the office's, told as a next step, unless a row differs.
_NEXT = partial(
    _named(KindRule),
    subject="{name}",
    who=_both(_OFFICE),
    letters=_always("next_step"),
    ends_with_its_day=False,
)
_REPORTS = partial(_NEXT, article=3, menu="reports")
_MEETINGS = partial(_NEXT, article=5, menu="meetings")
_COSTS = partial(_NEXT, article=4, menu="costs")
_QUESTIONS = partial(_NEXT, article=6, menu="questions", who=_CONTACT)
_LETTERS = partial(_NEXT, article=5, menu="notices")
_PEOPLE = partial(_NEXT, article=4, menu="home", who=_CONTACT)


class Kind(StrEnum):
    """What sort of thing is asked, with its rule.

    Other programs and the database call it by its name in small letters (contracts.md).
    """

    _value_: str
    rule: KindRule

    def __new__(cls, value: str, *row: KindRule) -> Self:
        """A row of the table; without one, `Kind("report_unsubmitted")` finds it."""
        kind = str.__new__(cls, value)
        kind._value_, [kind.rule] = value, row
        return kind

    REPORT_UNSUBMITTED = _REPORTS(
        N_("進捗報告の提出"),
        N_("{name}{detail}の進捗を報告する"),
        N_("順に進める"),
        (*days(-14, -7, -3), *open_days(1), *ESCALATION),
        subject=N_("{name}の進捗報告"),
        who=(_OFFICER, _LEAD),
        letters=("report_unsubmitted", "report_overdue"),
    )
    REPORT_RETURNED = _REPORTS(
        N_("差し戻された進捗報告"),
        N_("差し戻された進捗報告を直す　{n}件"),
        N_("直して出す"),
        (*open_days(-1, 1), *ESCALATION),
        subject=N_("差し戻された{name}の進捗報告"),
        who=(_OFFICER, _LEAD),
        letters=_always("report_unanswered"),
    )
    REPORT_UNCHECKED = _REPORTS(
        N_("進捗報告の確認"),
        N_("進捗報告を確認する　{n}件"),
        N_("確認する"),
        (*open_days(0), *ESCALATION),
        subject=N_("進捗報告の確認（{n}件）"),
        who=_both(_SECTION),
        letters=_always("report_unchecked"),
    )
    ROUND_UNOPENED = _REPORTS(
        N_("進捗報告の依頼を始めること"), N_("{name}をお願いする"), N_("お願いを送る"), days(-7, 0)
    )
    ROUND_UNCLOSED = _REPORTS(
        N_("進捗報告の締切り"), N_("{name}を締め切る"), N_("一覧を開く"), open_days(0)
    )
    RESULTS_UNPUBLISHED = _NEXT(
        N_("実績と決算額の公表"),
        N_("{name}を公表する"),
        N_("内容を確かめる"),
        days(-14, 0),
        article=3,
        menu="measures",
    )
    POLL_UNANSWERED = _MEETINGS(
        N_("市町村長会議の日程の回答"),
        N_("{name}のご予定を回答する"),
        N_("回答する"),
        open_days(-3, -1),
        subject=N_("市町村長会議の日程の御回答"),
        who=_both(_SECRETARY),
        letters=_always("poll_unanswered"),
        ends_with_its_day=True,
    )
    ATTENDANCE_UNANSWERED = _MEETINGS(
        N_("市町村長会議の出欠の回答"),
        N_("{name}の出欠を回答する"),
        N_("回答する"),
        open_days(-3, -1),
        subject=N_("{detail}の出欠の御回答"),
        who=_both(_SECRETARY),
        letters=_always("attendance_unanswered"),
        ends_with_its_day=True,
    )
    MEETING_UNPLANNED = _MEETINGS(
        N_("市町村長会議の準備（第5条）"),
        N_("{name}を準備する"),
        N_("準備する"),
        days(-100, -60, -30),
        letters=_always("meeting_unplanned"),
    )
    MEETING_UNHELD = _MEETINGS(
        N_("市町村長会議の開催（第5条）"),
        N_("{name}を準備する"),
        N_("準備する"),
        days(-100, -60, -30),
        # Once it is being prepared, its next step stands on the home page instead.
        who=_both(_Roles(Role.OFFICE, frozenset())),
        letters=_always("meeting_unheld"),
    )
    MEETING_UNDATED = _MEETINGS(
        N_("市町村長会議の日程の決定"),
        N_("市町村長会議の日程を決める"),
        N_("日程調整を開く"),
        open_days(1),
        subject=N_("市町村長会議の日程を決める"),
    )
    PROPOSAL_UNANSWERED = _MEETINGS(
        N_("提案された議題の扱い"),
        N_("提案された議題を確かめる　{n}件"),
        N_("議題を開く"),
        open_days(0),
        subject=N_("提案された議題（{n}件）"),
    )
    NOTICE_UNSENT = _MEETINGS(
        N_("市町村長会議の開催案内"),
        N_("{name}の開催案内を送る"),
        N_("案内を作る"),
        days(-3),
        subject=N_("{name}の開催案内を送る"),
    )
    ATTENDANCE_UNRECORDED = _MEETINGS(
        N_("市町村長会議の出席の記録"),
        N_("{name}の出席を記録する"),
        N_("記録する"),
        open_days(0),
        subject=N_("{name}の出席を記録する"),
    )
    VIEW_UNRECORDED = _MEETINGS(
        N_("市町村長会議の扱いの記録"),
        N_("市町村長会議をどう扱うかを記録する"),
        N_("記録する"),
        (*open_days(-3, 1), *ESCALATION),
        subject=N_("市町村長会議の扱いの記録"),
        who=_AND_CONFIRMER,
    )
    MINUTES_UNCIRCULATED = _MEETINGS(
        N_("市町村長会議の議事録の送付"), N_("{name}を送る"), N_("議事録を開く"), open_days(0)
    )
    MINUTES_UNCONFIRMED = _MEETINGS(
        N_("市町村長会議の議事録の確認"),
        N_("{name}を確認する"),
        N_("内容を確認する"),
        (*open_days(-3, 1), *ESCALATION),
        who=_AND_CONFIRMER,
    )
    DECISION_OPEN = _MEETINGS(
        N_("市町村長会議の決定事項の状況"),
        N_("{name}の状況を知らせる"),
        N_("状況を知らせる"),
        (*days(-14, 0), *ESCALATION),
        who=_CONTACT,
        letters=_always("decision_open"),
    )
    TERM_ENDING = _MEETINGS(
        N_("ビジョン懇談会の委員の任期"),
        N_("ビジョン懇談会の委員の再任か後任を登録する　{n}名"),
        N_("委員を開く"),
        days(-45, -14),
        subject=N_("ビジョン懇談会の委員の任期（{n}名）"),
    )
    OPINION_UNANSWERED = _MEETINGS(
        N_("ビジョン懇談会の意見への対応"),
        N_("ビジョン懇談会の意見への対応を記録する　{n}件"),
        N_("意見を開く"),
        days(-14, 0),
        subject=N_("ビジョン懇談会の意見への対応（{n}件）"),
    )
    COST_UNSTARTED = _COSTS(
        N_("費用負担の協議を始めること"),
        N_("{name}の協議を始める　{n}件"),
        N_("案を作る"),
        days(-30),
    )
    COST_UNSENT = _COSTS(
        N_("費用負担の案の送付"),
        N_("{name}を送る　{n}件"),
        N_("開く"),
        (*days(-14), *ESCALATION),
        who=_both(_SECTION),
    )
    COST_UNCONFIRMED = _COSTS(
        N_("費用負担の案の確認"),
        N_("費用負担の案を確認する"),
        N_("内容を確認する"),
        (*days(-2), *ESCALATION),
        subject=N_("{name}（案）の御確認"),
        who=_both(_CONFIRMER),
        letters=_always("cost_unconfirmed"),
    )
    COST_RETURNED = _COSTS(
        N_("費用負担の案への意見"),
        N_("{name}への意見に答える"),
        N_("意見を読む"),
        # The opinion itself came by a letter of its own (M14).
        (*open_days(0), *ESCALATION),
        subject=N_("{name}（案）への意見"),
        who=_both(_SECTION),
    )
    COST_UNRECONCILED = _COSTS(
        N_("費用負担の精算"), N_("{name}を精算する　{n}件"), N_("案を作る"), days(-14, -3)
    )
    PAYMENT_UNPLANNED = _COSTS(
        N_("負担金の納入の計画"),
        N_("{name}の納入の計画を作る　{n}件"),
        N_("計画を作る"),
        (*open_days(0), *ESCALATION),
        subject=N_("{name}の納入の計画"),
        who=_KEEPER,
    )
    PAYMENT_UNNOTICED = _COSTS(
        N_("負担金の納入通知"),
        N_("{name}の納入通知書を送る　{n}件"),
        N_("通知書を送る"),
        (*days(-3), *open_days(0), *ESCALATION),
        subject=N_("{name}の納入通知"),
        who=_KEEPER,
    )
    INSTALMENT_DUE = _COSTS(
        N_("負担金の納入"),
        N_("{name}を納める"),
        N_("金額を確かめる"),
        (*days(-14, -3), *ESCALATION),
        who=_CONTACT,
    )
    RECEIPT_UNRECORDED = _COSTS(
        N_("負担金の受け取りの記録"),
        N_("{name}の受け取りを記録する　{n}件"),
        N_("入金を確かめる"),
        (*open_days(0), *ESCALATION),
        subject=N_("{name}の受け取り"),
        who=_KEEPER,
    )
    QUESTION_OPEN = _QUESTIONS(
        N_("疑義への回答（第6条）"),
        N_("{name}に回答する"),
        N_("考えを書く"),
        (*open_days(-3, 1), *ESCALATION),
    )
    QUESTION_UNSETTLED = _QUESTIONS(
        N_("疑義について定める内容の案（第6条）"),
        N_("{name}の案を作る"),
        N_("開く"),
        (*open_days(0), *ESCALATION),
    )
    QUESTION_UNCONFIRMED = _QUESTIONS(
        N_("疑義について定める内容の確認（第6条）"),
        N_("{name}を確認する"),
        N_("内容を確認する"),
        (*open_days(-3, 1), *ESCALATION),
        who=_both(_CONFIRMER),
    )
    PERSON_UNCONFIRMED = _PEOPLE(
        N_("4月の担当者の確認"),
        N_("担当者を確認する"),
        N_("確認する"),
        # Not on 1 April itself: where that is a Saturday, the day before is last year's.
        (*days(-25, -7), *open_days(1), *ESCALATION),
        letters=_always("person_unconfirmed"),
    )
    HANDOVER_UNWRITTEN = _PEOPLE(
        N_("3月の引継ぎメモ"),
        N_("引継ぎメモを書く"),
        N_("書く"),
        days(-11, -3),
        letters=_always("handover_unwritten"),
    )
    ADDRESS_UNDELIVERABLE = _LETTERS(
        N_("届かなかったメール"),
        N_("届かなかったメール{n}件を確かめて送り直す"),
        N_("確かめる"),
        (),  # Told at once, by a letter of its own (M24).
        subject=N_("届かなかったメール（{n}件）"),
    )
    LETTER_HELD = _LETTERS(
        N_("保留しているメール"),
        N_("保留しているメール{n}件を送るか決める"),
        N_("確かめる"),
        (),  # While a backup was just restored no letter goes out.
        subject=N_("保留しているメール（{n}件）"),
    )
    CHANGE_UNSEEN = _NEXT(
        N_("ほかの市町村による登録の確認"),
        N_("ほかの市町村が登録した宛先・利用者を確認する　{n}件"),
        N_("確認する"),
        ESCALATION,  # Told at once, by a letter of its own (changed_by_others).
        subject=N_("ほかの市町村が登録した宛先・利用者の確認（{n}件）"),
        # Whoever of the municipality comes first.
        who=(_Roles(Role.OFFICER, frozenset(Role)), _Roles(Role.OFFICE, frozenset(Role))),
        article=5,
        menu="home",
    )
    NAME_SHARED = _PEOPLE(
        N_("見分けのつかない役職の名前"),
        N_("見分けのつかない役職の名前を直す　{n}件"),
        N_("名前を直す"),
        (),  # It harms nobody by itself: home is enough.
        subject=N_("見分けのつかない役職の名前（{n}件）"),
        who=_both(_ADMIN),
    )
    ROLE_VACANT = _PEOPLE(
        N_("担当のいない役割"),
        N_("担当のいない役割に利用者を登録する　{n}件"),
        N_("利用者と役職を開く"),
        (),  # The office hears of what is not done meanwhile by the steps of that.
        subject=N_("担当のいない役割（{n}件）"),
        who=_both(_ADMIN),
    )
