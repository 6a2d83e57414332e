"""Which entries of the record a person may read: those about what its pages show them; pure.

And what kinds of subject and verbs are called.
"""

from collections.abc import Mapping
from typing import NamedTuple

from tracker.kernel.permissions import Actor, Permission, Reach, allowed, reach
from tracker.kernel.translation import N_

# By the kind of subject the permission of its page.  What is not named here is read by those alone
# who read the whole record.
READ_BY: Mapping[str, Permission] = {
    **dict.fromkeys(
        (
            *("area", "municipality", "figures", "calendar", "agreement", "project"),
            *("fiscal_year", "round", "meeting", "held_view", "grant_claim", "grant_cap"),
            *("material_pack", "council", "council_member", "council_opinion"),
        ),
        Permission.READ_AREA,
    ),
    "report": Permission.READ_TROUBLES,
    "cost_case": Permission.READ_COST_DRAFT,
    "question": Permission.READ_QUESTION,
    **dict.fromkeys(("payment_plan", "instalment"), Permission.READ_PAYMENTS),
    **dict.fromkeys(
        ("absence", "seat", "agenda_item", "minutes", "decision", "material"), Permission.READ_POLL
    ),
    **dict.fromkeys(("post", "account", "handover", "outside_change"), Permission.HAND_OVER),
    "letter": Permission.READ_LETTERS,
    **dict.fromkeys(("letter_text", "schedule", "reminder", "clock"), Permission.MANAGE_LETTERS),
    "import": Permission.IMPORT_AGREEMENT,
}


def reads_all(actor: Actor) -> bool:
    """Whether the person reads every entry."""
    return reach(actor.role, Permission.READ_HISTORY) is Reach.ANY


# What a municipality reads of the accounts of its own posts, as 引継ぎ shows it; how somebody signs
# in is the admins' business.
HOLDING = ("account.created", "account.handed_over", "account.closed", "account.opened")
_PEOPLE = frozenset({"post", "account", "outside_change"})


class About(NamedTuple):
    """What the readers of an entry's subject depend on, as it stands now.

    `town` is the municipality (slug) whose it is, `lead` the one that leads its project (of a question
    the side that is asked, once it is), `hub` that of the area; `is_shared`: the report was
    submitted, or the case was sent when the entry was written.
    """

    town: str = ""
    lead: str = ""
    hub: str = ""
    is_shared: bool = False


def may_read(actor: Actor, kind: str, verb: str, about: About) -> bool:
    """Whether the page of the record tells the actor sentence and values of an entry.

    As they read its subject elsewhere; also those do, who read all of the record as a file
    (`reads_all`): the page is for what people see.
    """
    if kind == "history":
        return verb != "history.disposed" or reads_all(actor)
    if kind in _PEOPLE and allowed(actor, Permission.MANAGE_PEOPLE):
        return True
    if kind not in READ_BY or (kind == "account" and verb not in HOLDING):
        return False
    sides = {
        "report": [about.lead, about.hub],
        "question": [about.lead],
        "instalment": [about.lead],
    }
    towns = [about.town, *sides.get(kind, ())]
    return about.is_shared or allowed(actor, READ_BY[kind], towns)


def may_open(actor: Actor, kind: str, column: str, about: About) -> bool:
    """Whether the actor may read a private word of an entry they may read, where it still stands.

    A report's words are its municipality's until it is submitted; its 困りごと are read by the lead
    and the hub besides, and so is the question it was returned with.
    """
    if kind != "report" or allowed(actor, Permission.READ_TROUBLES, [about.town]):
        return True
    if column not in ("trouble", "for_meeting", "question"):
        return about.is_shared
    is_involved = allowed(actor, Permission.READ_TROUBLES, [about.lead, about.hub])
    return is_involved and (about.is_shared or column == "question")


class RecordKind(NamedTuple):
    """A kind of subject: its label, its table if it has one, and its verbs with their labels."""

    label: str
    table: str
    verbs: Mapping[str, str]


KINDS: Mapping[str, RecordKind] = {
    "project": RecordKind(
        N_("連携事業"),
        "project",
        {
            "project.created": N_("事業の登録"),
            "project.changed": N_("事業の変更"),
            "project.struck": N_("事業の取消し"),
            "project.restored": N_("事業を元に戻す"),
        },
    ),
    "fiscal_year": RecordKind(N_("年度の事業"), "", {"projects.copied": N_("前年度の事業の写し")}),
    "round": RecordKind(
        N_("報告の依頼"),
        "reporting_round",
        {
            "round.opened": N_("依頼"),
            "round.asked_more": N_("依頼先の追加"),
            "round.asked_again": N_("もう一度のお願い"),
            "round.due_moved": N_("期限の変更"),
            "round.closed": N_("締切り"),
            "round.reopened": N_("受付の再開"),
        },
    ),
    "report": RecordKind(
        N_("進捗報告"),
        "progress_report",
        {
            "report.begun": N_("書き始め"),
            "report.saved": N_("下書きの保存"),
            "report.submitted": N_("提出"),
            "report.withdrawn": N_("取戻し"),
            "report.returned": N_("質問して戻す"),
            "report.confirmed": N_("確認"),
            "report.attached": N_("添付"),
            "report.detached": N_("添付の取消し"),
            "report.attachment_restored": N_("添付を元に戻す"),
        },
    ),
    "cost_case": RecordKind(
        N_("費用負担"),
        "cost_case",
        {
            "cost.started": N_("案の作成"),
            "cost.drafted": N_("案の内容"),
            "cost.changed": N_("送った案の変更"),
            "cost.consulted": N_("協議の記録"),
            "cost.consultation_struck": N_("協議の記録の取消し"),
            "cost.consultation_restored": N_("協議の記録を元に戻す"),
            "cost.attached": N_("添付"),
            "cost.detached": N_("添付の取消し"),
            "cost.attachment_restored": N_("添付を元に戻す"),
            "cost.sent": N_("案の送付"),
            "cost.confirmed": N_("案の確認"),
            "cost.returned": N_("意見を付けて戻す"),
            "cost.agreed": N_("合意"),
            "cost.replaced": N_("差替え"),
            "cost.withdrawn": N_("取下げ"),
            "cost.work_done": N_("実績の入力"),
        },
    ),
    "payment_plan": RecordKind(
        N_("納入の計画"),
        "payment_plan",
        {"payment.planned": N_("納入の計画"), "payment.notified": N_("通知・請求の記録")},
    ),
    "instalment": RecordKind(
        N_("納入"),
        "instalment",
        {
            "payment.stated": N_("納入の連絡"),
            "payment.received": N_("受け取りの記録"),
            "payment.struck": N_("受け取りの記録の取消し"),
            "payment.restored": N_("受け取りの記録を元に戻す"),
        },
    ),
    "grant_claim": RecordKind(
        N_("特別交付税の算定"), "grant_claim", {"claim.entered": N_("算定の記入")}
    ),
    "grant_cap": RecordKind(
        N_("特別交付税の上限額"), "grant_cap", {"claim.caps": N_("上限額の記入")}
    ),
    "question": RecordKind(
        N_("疑義"),
        "question",
        {
            "question.drafted": N_("下書き"),
            "question.put": N_("疑義の提出"),
            "question.viewed": N_("考えの記入"),
            "question.consulted": N_("協議の記録"),
            "question.consultation_struck": N_("協議の記録の取消し"),
            "question.consultation_restored": N_("協議の記録を元に戻す"),
            "question.text_sent": N_("定める内容の案の送付"),
            "question.confirmed": N_("定める内容の確認"),
            "question.returned": N_("意見を付けて戻す"),
            "question.settled": N_("解決"),
            "question.applied": N_("ほかの協約での扱いの回答"),
            "question.withdrawn": N_("取下げ"),
        },
    ),
    "meeting": RecordKind(
        N_("市町村長会議"),
        "meeting",
        {
            "meeting.polled": N_("候補日の提示"),
            "meeting.dates_added": N_("候補日の追加"),
            "meeting.heads_required": N_("必ず出席の方の選び直し"),
            "meeting.asked_again": N_("もう一度のお願い"),
            "meeting.fixed": N_("開催日の決定"),
            "meeting.noticed": N_("開催案内"),
            "meeting.prepared": N_("ほかの会議の登録"),
            "meeting.members_seated": N_("懇談会の委員の席"),
            "meeting.taken_over": N_("以前の会議の記録"),
            "meeting.attended": N_("出席の記録"),
            "meeting.minuted": N_("議事録の確定"),
            "meeting.cancelled": N_("取りやめ"),
        },
    ),
    "council": RecordKind(N_("ビジョン懇談会"), "council", {"council.quorum_set": N_("定足数")}),
    "council_member": RecordKind(
        N_("ビジョン懇談会の委員"),
        "council_member",
        {
            "council.member_added": N_("委員の登録"),
            "council.member_changed": N_("委員の登録の変更"),
        },
    ),
    "council_opinion": RecordKind(
        N_("ビジョン懇談会の意見"),
        "council_opinion",
        {
            "council.opinion_recorded": N_("意見の記録"),
            "council.opinion_followed": N_("意見への対応"),
        },
    ),
    "seat": RecordKind(
        N_("日程の回答"),
        "meeting_seat",
        {
            "poll.answered": N_("回答"),
            "poll.link_renewed": N_("回答のリンクの作り直し"),
            "attendance.answered": N_("出欠の回答"),
            "attendance.doubted": N_("分からない出欠の返事"),
        },
    ),
    "minutes": RecordKind(
        N_("議事録"),
        "minutes",
        {
            "minutes.written": N_("議事録の記入"),
            "minutes.sent": N_("議事録の確認の依頼"),
            "minutes.confirmed": N_("議事録の内容の確認"),
            "minutes.final": N_("議事録の確定"),
            "minutes.correction_asked": N_("議事録の修正のお願い"),
            "minutes.erratum": N_("議事録の訂正"),
        },
    ),
    "agenda_item": RecordKind(
        N_("議題"),
        "agenda_item",
        {
            "agenda.added": N_("議題の追加"),
            "agenda.proposed": N_("議題の提案"),
            "agenda.changed": N_("議題の変更"),
            "agenda.moved": N_("議題の順番の変更"),
            "agenda.struck": N_("議題の取下げ"),
            "agenda.restored": N_("議題を元に戻す"),
        },
    ),
    "decision": RecordKind(
        N_("決定事項"),
        "decision",
        {
            "decision.recorded": N_("決定事項の記録"),
            "decision.follow_up_added": N_("宿題の追加"),
            "decision.noted": N_("宿題の状況"),
            "decision.closed": N_("宿題の終わり"),
            "decision.struck": N_("決定事項の取消し"),
            "decision.restored": N_("決定事項を元に戻す"),
            "decision.follow_up_struck": N_("宿題の取消し"),
            "decision.follow_up_restored": N_("宿題を元に戻す"),
        },
    ),
    "material_pack": RecordKind(
        N_("会議の資料"), "material_pack", {"materials.sent": N_("資料の送付")}
    ),
    "material": RecordKind(
        N_("資料"),
        "material",
        {
            "material.added": N_("資料の追加"),
            "material.changed": N_("資料の変更"),
            "material.moved": N_("資料の順番の変更"),
            "material.attached": N_("資料のファイル"),
            "material.detached": N_("資料のファイルの取消し"),
            "material.struck": N_("資料の取下げ"),
            "material.restored": N_("資料を元に戻す"),
        },
    ),
    "held_view": RecordKind(
        N_("開催の扱い"), "held_view", {"meeting.viewed": N_("開催の扱いの記録")}
    ),
    "agreement": RecordKind(
        N_("連携協約"), "agreement", {"agreement.registered": N_("協約の登録")}
    ),
    "import": RecordKind(
        N_("協約の取込み"),
        "import_job",
        {
            "agreement.import_started": N_("読取り"),
            "agreement.import_answered": N_("読取りの確認"),
            "agreement.import_discarded": N_("取込みの中止"),
        },
    ),
    "area": RecordKind(
        N_("圏域"),
        "area",
        {"area.created": N_("圏域の登録"), "area.times_set": N_("会議の決まりの変更")},
    ),
    "municipality": RecordKind(N_("市町村"), "municipality", {}),
    "figures": RecordKind(
        N_("基礎数値"),
        "figure_series",
        {
            "figures.entered": N_("数値の登録"),
            "figures.struck": N_("数値の取消し"),
            "figures.restored": N_("数値を元に戻す"),
        },
    ),
    "calendar": RecordKind(
        N_("閉庁日と議会日程"),
        "calendar_entry",
        {"calendar.added": N_("日程の追加"), "calendar.removed": N_("日程の削除")},
    ),
    "absence": RecordKind(
        N_("首長の不在"),
        "head_absence",
        {"absence.added": N_("不在の登録"), "absence.removed": N_("不在の取消し")},
    ),
    "post": RecordKind(
        N_("役職"),
        "post",
        {
            "post.created": N_("役職の登録"),
            "post.changed": N_("役職の変更"),
            "post.confirmed": N_("担当者の確認"),
            "post.handed_over": N_("役職の引継ぎ"),
            "post.struck": N_("役職の取消し"),
            "post.restored": N_("役職を元に戻す"),
        },
    ),
    "outside_change": RecordKind(
        N_("ほかの市町村による変更"),
        "outside_change",
        {"post.looked_at": N_("変更の確認")},
    ),
    "handover": RecordKind(N_("引継ぎメモ"), "handover", {"handover.written": N_("メモの記入")}),
    "account": RecordKind(
        N_("利用者"),
        "person",
        {
            "account.created": N_("利用者の登録"),
            "account.invited": N_("パスワード設定の案内"),
            "account.handed_over": N_("後任への引継ぎ"),
            "account.closed": N_("利用の停止"),
            "account.opened": N_("利用の再開"),
            "account.password_set": N_("パスワードの設定"),
            "account.password_changed": N_("パスワードの変更"),
            "account.reset_sent": N_("パスワード再設定の案内"),
            "account.second_factor_on": N_("2段階認証の開始"),
            "account.second_factor_off": N_("2段階認証の終了"),
            "account.second_factor_taken_off": N_("管理者による2段階認証の解除"),
            "account.recovery_codes_made": N_("予備コードの作成"),
            "account.recovery_code_used": N_("予備コードの使用"),
            "account.place_ended": N_("ほかの端末のログインの終了"),
            "account.delays_lifted": N_("ログインの待ち時間の解除"),
            "account.calendar_made": N_("予定表のアドレスの作成"),
            "account.calendar_revoked": N_("予定表のアドレスの取消し"),
            "account.digest_chosen": N_("週のまとめの選択"),
            "account.welcomed": N_("はじめての案内の片づけ"),
        },
    ),
    "letter": RecordKind(
        N_("メール"),
        "letter",
        {
            "letter.undeliverable": N_("届かなかったメール"),
            "letter.resent": N_("メールの再送"),
            "letter.released": N_("保留したメールの送信"),
            "letter.given_up": N_("保留したメールの見送り"),
        },
    ),
    "reminder": RecordKind(
        N_("期限のお知らせ"),
        "",
        {"reminder.skipped": N_("お知らせの見送り"), "reminder.resumed": N_("お知らせの再開")},
    ),
    "schedule": RecordKind(N_("送る日"), "step_rule", {"schedule.changed": N_("送る日の変更")}),
    "letter_text": RecordKind(
        N_("メールの文面"),
        "letter_text",
        {"letter_text.changed": N_("文面の変更"), "letter_text.restored": N_("最初の文面に戻す")},
    ),
    "clock": RecordKind(N_("サーバーの時計"), "", {"clock.trusted": N_("時計の確認")}),
    "history": RecordKind(
        N_("監査記録"),
        "",
        {
            "history.verified": N_("記録の照合"),
            "history.decisions_kept": N_("決定の照合値の記録"),
            "history.disposed": N_("記録の廃棄"),
        },
    ),
}
# What stands in the list of everybody who has one, whosever act it was.
LISTED_KINDS = tuple(
    kind for kind in KINDS if kind == "history" or READ_BY[kind] is Permission.READ_AREA
)

# Tables whose cells are told in entries of these kinds alone, whoever reads the entry; and what acts
# tell beside the columns.
ONLY_IN: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "person",
            "post",
            "invitation",
            "outside_change",
            "calendar_key",
            "second_factor",
            "recovery_code",
        ),
        frozenset({"account", "post", "outside_change"}),
    ),
    **dict.fromkeys(
        ("progress_report", "indicator_value", "report_version"), frozenset({"report"})
    ),
    **dict.fromkeys(
        (
            *("cost_case", "cost_part", "case_work", "share", "consultation"),
            *("confirmation", "case_change", "case_drafter"),
        ),
        frozenset({"cost_case"}),
    ),
    **dict.fromkeys(
        (
            *("question", "question_view", "question_consultation", "question_settlement"),
            *("question_offer", "question_reply", "sister_reply"),
        ),
        frozenset({"question"}),
    ),
    "attachment": frozenset({"report", "cost_case", "material"}),
    **dict.fromkeys(("material", "material_file"), frozenset({"material"})),
    **dict.fromkeys(
        ("payment_plan", "instalment", "instalment_receipt"),
        frozenset({"payment_plan", "instalment"}),
    ),
    **dict.fromkeys(("poll_answer", "seat_invitation"), frozenset({"seat"})),
    "agenda_item": frozenset({"agenda_item"}),
    **dict.fromkeys(("decision", "follow_up", "progress_note"), frozenset({"decision"})),
    **dict.fromkeys(("minutes_part", "minutes_reply", "minutes_erratum"), frozenset({"minutes"})),
    "handover": frozenset({"handover"}),
    "import_job": frozenset({"import"}),
    "letter_text": frozenset({"letter_text"}),
    **dict.fromkeys(("email", "answer"), frozenset({"letter"})),
}


def verb_label(verb: str, kind: str) -> str:
    """What a verb is called; one of an earlier release goes by its kind alone (not translated)."""
    found = KINDS.get(kind)
    return found.verbs.get(verb, found.label) if found else ""
