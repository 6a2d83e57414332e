"""What a municipality's year adds up to, and which projects to watch; pure."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from tracker.duty.kinds import Kind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.kernel.translation import N_
from tracker.overview.rules import LATE, SAID_ORDER
from tracker.projects.report import Report, Round
from tracker.projects.rules import CELL_ORDER, Cell, CellState, cell


class Submitted(NamedTuple):
    """How many of the reports asked for have come."""

    done: int
    asked: int

    @property
    def left(self) -> int:
        """残り."""
        return self.asked - self.done


def submitted(parts: Iterable[Report]) -> Submitted:
    """Counts the reports of the parts; a year called off asks for none."""
    asked = [part for part in parts if part.is_asked]
    return Submitted(sum(part.is_reported for part in asked), len(asked))


Told = tuple[Round, Submitted, str]


def by_year(rounds: Iterable[Told], this: FiscalYear) -> list[tuple[FiscalYear, list[Told]]]:
    """The rounds that ask for something, by their fiscal year, oldest first; `this` year ends it.

    Rounds in order; each with how much has come and how the projects stand.
    """
    wanted = [one for one in rounds if one[1].asked]
    found = {
        year: list(own) for year, own in groupby(wanted, lambda one: one[0].period.fiscal_year)
    }
    return sorted(({this: []} | found).items())


def said(parts: Iterable[Report]) -> str:
    """「順調 21、やや遅れ 1、未報告 3」; states nobody is in are left out."""
    counts = Counter(part.standing for part in parts)
    return "、".join(f"{one.label} {counts[one]}" for one in SAID_ORDER if counts[one])


class Watched(NamedTuple):
    """A project to watch, with the municipalities where it is behind, in their order."""

    project_id: int
    project: str
    state: CellState
    towns: tuple[str, ...]


def watched(parts: Iterable[Report]) -> tuple[Watched, ...]:
    """気をつけたい事業: late before slightly late, else in the order given; once each."""
    behind: dict[tuple[int, str], list[Report]] = {}
    for part in parts:
        if part.standing in LATE:
            behind.setdefault((part.project_id, part.project), []).append(part)
    found = []
    for (id_, name), own in behind.items():
        worst = min((part.standing for part in own), key=LATE.index)
        found.append(
            Watched(id_, name, worst, tuple(p.town.slug for p in own if p.standing is worst))
        )
    return tuple(sorted(found, key=lambda one: LATE.index(one.state)))


class Led(NamedTuple):
    """A project of a section, with how it stands over all its municipalities."""

    project_id: int
    project: str
    cell: Cell


def led(parts: Iterable[Report], post_id: int) -> tuple[Led, ...]:
    """自課の事業: the projects that post leads, those to notice first."""
    states: dict[tuple[int, str], list[CellState]] = {}
    for part in parts:
        if part.lead_post_id == post_id:
            states.setdefault((part.project_id, part.project), []).append(part.standing)
    found = (Led(*project, cell(own)) for project, own in states.items())
    return tuple(sorted(found, key=lambda one: CELL_ORDER.index(one.cell.state)))


class Job(NamedTuple):
    """What somebody does in the course of a year: when, what, how; `kinds` are its duties."""

    kinds: frozenset[Kind]
    when: str
    what: str
    how: str


# In the order of the fiscal year, then what comes when it comes.
JOBS = (
    Job(
        frozenset({Kind.PERSON_UNCONFIRMED}),
        N_("4月30日まで"),
        N_("担当者の確認"),
        N_(
            "担当者と連絡先に変わりがないかを「引継ぎ」で確かめます。"
            "変わりがないときも「変更なし」を押します。"
        ),
    ),
    Job(
        frozenset({Kind.ROUND_UNOPENED, Kind.ROUND_UNCLOSED}),
        N_("4月15日・10月15日まで"),
        N_("進捗報告のお願い"),
        N_(
            "年度末は4月、上期は10月に、各市町村へ報告をお願いします。すべて確認したら締め切ります。"
        ),
    ),
    Job(
        frozenset({Kind.REPORT_UNSUBMITTED, Kind.REPORT_RETURNED}),
        N_("春と秋、お願いが届いたら"),
        N_("進捗の報告"),
        N_(
            "事業ごとに数字と状況を入れ、"
            "前回の文章の変わったところだけを直して提出します（1事業 約2分）。"
            "質問が付いて戻ったときは、直してもう一度提出します。"
        ),
    ),
    Job(
        frozenset({Kind.REPORT_UNCHECKED}),
        N_("報告が届いて5開庁日のうち"),
        N_("進捗報告の確認"),
        N_(
            "前回と今回を見比べて、確認済みにするか、質問を付けて戻します。"
            "自分で書いた報告は、ほかの担当が確認します。"
        ),
    ),
    Job(
        frozenset({Kind.COST_UNSTARTED, Kind.COST_UNRECONCILED}),
        N_("5月31日・1月31日まで"),
        N_("費用負担の精算と協議の始め"),
        N_(
            "前年度の負担は5月末までに精算します。"
            "取決めは引き継がれないので、"
            "続く事業は1月末までに今年度の協議を始めます（協約第4条第2項）。"
        ),
    ),
    Job(
        frozenset({Kind.COST_UNSENT, Kind.COST_RETURNED}),
        N_("2月の末まで"),
        N_("費用負担の案"),
        N_(
            "案を作り、協議を記録して、双方に確認をお願いします。意見が届いたら、協議して答えます。"
        ),
    ),
    Job(
        frozenset({Kind.COST_UNCONFIRMED}),
        N_("案が届いたら"),
        N_("費用負担の案の確認"),
        N_(
            "負担額と計算の内容を読んで、確認するか、意見を付けて戻します。"
            "ここでの確認は、決裁や押印に代わるものではありません。"
        ),
    ),
    Job(
        frozenset({Kind.INSTALMENT_DUE}),
        N_("納入通知が届いたら"),
        N_("負担金の納入"),
        N_("納期限までに納めて、納めた日を知らせます。"),
    ),
    Job(
        frozenset({Kind.PAYMENT_UNPLANNED, Kind.PAYMENT_UNNOTICED, Kind.RECEIPT_UNRECORDED}),
        N_("負担案に合意したら"),
        N_("負担金の納入の計画と受け取り"),
        N_(
            "10開庁日のうちに納入の計画を作り、納期限の15日前までに納入通知書を送ります。"
            "納入の連絡が届いたら、入金を確かめて、受け取った日と額を記録します。"
        ),
    ),
    Job(
        frozenset({Kind.ATTENDANCE_UNANSWERED}),
        N_("開催案内が届いたら"),
        N_("市町村長会議の出欠の回答"),
        N_("秘書にはメールで案内が届きます。秘書に代わって、ここから答えることもできます。"),
    ),
    Job(
        frozenset({Kind.POLL_UNANSWERED}),
        N_("日程の依頼が届いたら"),
        N_("市町村長の予定の回答"),
        N_(
            "秘書にはメールで依頼が届きます。秘書に代わって、ここから ○・△・× で答えることもできます。"
        ),
    ),
    Job(
        frozenset(
            {
                Kind.MEETING_UNPLANNED,
                Kind.MEETING_UNDATED,
                Kind.PROPOSAL_UNANSWERED,
                Kind.NOTICE_UNSENT,
                Kind.ATTENDANCE_UNRECORDED,
                Kind.MINUTES_UNCIRCULATED,
            }
        ),
        N_("3月31日まで"),
        N_("市町村長会議"),
        N_("候補日を出し、日程を決め、開催案内を送り、出席と議事録を記録します（協約第5条）。"),
    ),
    Job(
        frozenset({Kind.TERM_ENDING}),
        N_("任期の終わる60日前から"),
        N_("ビジョン懇談会の委員"),
        N_("再任のときは任期の終わりの日を直し、交代のときは後任の委員を登録します。"),
    ),
    Job(
        frozenset({Kind.OPINION_UNANSWERED}),
        N_("会議から90日まで"),
        N_("ビジョン懇談会の意見への対応"),
        N_("会議で出された意見を受けてどうしたかを、その日とともに記録します。"),
    ),
    Job(
        frozenset({Kind.MINUTES_UNCONFIRMED}),
        N_("市町村長会議の後"),
        N_("議事録の内容の確認"),
        N_("連携推進担当が議事録を書き、すべての市町村の確認者が内容を確認します。"),
    ),
    Job(
        frozenset({Kind.DECISION_OPEN}),
        N_("市町村長会議の後"),
        N_("決定事項の宿題"),
        N_("会議で決まったことのうち、自分の市町村がすることを進め、終わるまで状況を知らせます。"),
    ),
    Job(
        frozenset({Kind.VIEW_UNRECORDED}),
        N_("市町村長会議の後"),
        N_("会議の扱いの記録"),
        N_("代理の方が出席したときは、第5条の会議が開かれたと見るかどうかを、双方が記録します。"),
    ),
    Job(
        frozenset({Kind.QUESTION_OPEN, Kind.QUESTION_UNSETTLED}),
        N_("疑義が出たら"),
        N_("疑義への回答"),
        N_(
            "条文の読み方に迷ったら「疑義の記録」に残します。双方が自分の考えを書き、協議を記録してから、"
            "定める内容の案を送ります（協約第6条）。"
        ),
    ),
    Job(
        frozenset({Kind.QUESTION_UNCONFIRMED}),
        N_("案が届いたら"),
        N_("疑義について定める内容の確認"),
        N_(
            "定める内容を読んで、確認するか、意見を付けて戻します。双方の確認がそろったときだけ定まります。"
        ),
    ),
    Job(
        frozenset({Kind.HANDOVER_UNWRITTEN}),
        N_("3月31日まで"),
        N_("引継ぎメモ"),
        N_("今年の要注意、毎年つまずく所、連絡先を、次の担当の方のために残します。"),
    ),
    Job(
        frozenset({Kind.ADDRESS_UNDELIVERABLE, Kind.LETTER_HELD}),
        N_("起きたとき"),
        N_("届かないメール"),
        N_(
            "届かなかったメールは、宛先を直して送り直します。保留しているメールは、送るかどうかを決めます。"
        ),
    ),
    Job(
        frozenset({Kind.NAME_SHARED, Kind.ROLE_VACANT}),
        N_("起きたとき"),
        N_("利用者と役職"),
        N_("担当のいない役割に利用者を登録し、見分けのつかない役職の名前を直します。"),
    ),
    Job(
        frozenset({Kind.CHANGE_UNSEEN}),
        N_("起きたとき"),
        N_("ほかの市町村による登録の確認"),
        N_(
            "ほかの市町村が宛先や利用者を登録したときは、心当たりがあるかを「引継ぎ」で確かめます。"
        ),
    ),
)


def jobs(role: Role, is_hub: bool) -> tuple[Job, ...]:
    """What a role finds at home in the course of a year, in a town or in the hub."""
    return tuple(
        job for job in JOBS if any(role in kind.rule.who[is_hub].home for kind in job.kinds)
    )
