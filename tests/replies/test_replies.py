"""Reply mails are right, asked back or left alone, and never guessed at."""

import json
from base64 import encodebytes
from collections.abc import Mapping
from contextlib import suppress
from quopri import encodestring

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replies.mails import (
    ASKED,
    GOOGLE,
    LETTER,
    OTHER_LETTER,
    OUTLOOK,
    QUOTED,
    UID,
    calendar,
    event,
    mail,
    mixed,
    only_calendar,
)
from tracker.kernel.refusal import Refusal
from tracker.replies import rules
from tracker.replies.commands import read as command
from tracker.replies.reply import Attending, DateMark, Expected, ReplyKind, ReplyMail

YES, MAYBE, NO = DateMark
TOLD = Expected(3, f"<{LETTER}>", ASKED, UID, 1)
ALL = {1: YES, 2: MAYBE, 3: NO}
WINDOWS = "Tokyo Standard Time"
BOTH = ("ACCEPTED", "DECLINED")


def read(raw: bytes) -> ReplyMail:
    """What the mail answers to the letter and the invitation."""
    return rules.read(raw, TOLD)


# As Outlook writes it: NEC's circled numbers, which no standard charset of Python holds.
_SIGNS = bytes(b & 0x7F for b in "①○②△③×".encode("euc_jis_2004"))
JIS = mail("").replace(b"charset=utf-8", b"charset=iso-2022-jp").replace(b"base64", b"7bit")
JIS += b"\x1b$B" + _SIGNS + b"\x1b(B\r\n"
PAGE = "<html><body><p>1○ 2△</p><div>3×</div>{}</body></html>"
RIGHT: Mapping[str, tuple[bytes, Mapping[int, DateMark]]] = {
    "plain": (mail("1○ 2△ 3×"), ALL),
    "a date left out": (mail("1○ 3×"), {1: YES, 3: NO}),
    "a line each": (mail("1 ○\n2 △\n3 ×\n"), ALL),
    "full width": (mail("１○　２△　３×"), ALL),
    "other circles": (mail("1〇、2▲、3✕"), ALL),
    "letters": (mail("1o 2△ 3x"), ALL),
    "large circle and ballot": (mail("1：◯　2：△　3：☓"), ALL),
    "circled numbers": (mail("①○　②△　③×"), ALL),
    "circled numbers in JIS": (JIS, ALL),
    "Shift_JIS": (mail("①○　②△　③×", charset="cp932"), ALL),
    "close together": (mail("1○2△3×"), ALL),
    "arrows": (mail("1→○ 2→△ 3→×"), ALL),
    "numbered words": (mail("候補1：○\n候補2：△\n候補3：×"), ALL),
    "第": (mail("第1候補：○\n第2候補：△\n第3候補：×"), ALL),
    "brackets": (mail("(1) ○ (2) △ (3) ×"), ALL),
    "番": (mail("1番○、2番△、3番×"), ALL),
    "は": (mail("1は○、2は△、3は×です。"), ALL),
    "polite": (
        mail(
            "お世話になっております。\n1○ 2△ 3×でお願いします。\n今後ともよろしくお願いいたします。"
        ),
        ALL,
    ),
    "a sentence before": (
        mail("いつもお世話になっております。1○ 2△ 3×です。よろしくお願いします。"),
        ALL,
    ),
    "bullets": (mail("・1　○\n・2　△\n・3　×\n以上"), ALL),
    "dots": (mail("1.○\n2.△\n3.×"), ALL),
    "polite without a verb": (mail("1○ 2△ 3× よろしくお願いいたします。"), ALL),
    "the end": (mail("1○ 2△ 3× 以上です。"), ALL),
    "introduced": (mail("回答：1○ 2△ 3×"), ALL),
    "with the dates": (
        mail(
            "1　1/19（火）14:00～15:30　○\n2　1/21（木）10:00～11:30　△\n"
            "3　1/26（火）14:00～15:30　×"
        ),
        ALL,
    ),
    "quoted below": (mail(f"1○ 2△ 3×\n{QUOTED}"), ALL),
    "quoted by Outlook": (mail(f"1○ 2△ 3×\n{OUTLOOK}"), ALL),
    "quoted of old": (mail("1○ 2△ 3×\n\n-----元のメッセージ-----\n1×\n2×"), ALL),
    "quoted in English": (mail("1○ 2△ 3×\n\n-----Original Message-----\nFrom: renkei\n1× 2×"), ALL),
    "quoted by an iPhone": (
        mail(
            "1○ 2△ 3×\n\niPhoneから送信\n\n"
            "2026/11/24 9:00、青森市 <renkei@aomori.example>のメール:\n\n> 1× 2×"
        ),
        ALL,
    ),
    "quoted by Thunderbird": (mail("On 2026/11/24 9:00, 青森市 wrote:\n> 1× 2×\n\n1○ 2△ 3×"), ALL),
    "attribution in two lines": (
        mail(
            "1○ 2△ 3×\n\nOn Tue, Nov 24, 2026 at 9:00 AM 青森市\n"
            "<renkei@aomori.example> wrote:\n1× 2×"
        ),
        ALL,
    ),
    "quoted full width": (mail("1○ 2△ 3×\n＞1× 2×"), ALL),
    "signature": (mail("1○ 2△ 3×\n\n-- \n今別町 秘書\n1番町2丁目 ○○課\nTEL 0174-35-2001"), ALL),
    "signature below a rule": (
        mail(
            "1○ 2△ 3×\n**********\n今別町 総務企画課 秘書\n〒030-1502 今別町字今別167\n"
            "TEL 0174-35-2001 内線2\n**********"
        ),
        ALL,
    ),
    "signature without a rule": (
        mail("1○ 2△ 3×\n\n今別町役場 ○○課\n東津軽郡今別町1丁目2-3\nTEL 0174(35)2001"),
        ALL,
    ),
    "a page": (mail(PAGE.format(""), kind="html"), ALL),
    "a page of Word": (
        mail(PAGE.format("<![if !supportLists]>敬具<![endif]><o:p></o:p><![odd"), kind="html"),
        ALL,
    ),
    "signs nobody sees": (mail("1〇\ufe0e\u200b 2△ 3×"), ALL),
    "a page that quotes": (
        mail(PAGE.format("<blockquote>1×<br>2×</blockquote>"), kind="html"),
        ALL,
    ),
    "a page of Outlook": (
        mail(
            PAGE.format("<hr><p><b>差出人:</b> 青森市<br><b>送信日時:</b> 9:00<br></p><p>1×</p>"),
            kind="html",
        ),
        ALL,
    ),
    "a page with a table": (
        mail(
            "<table><tr><td>1</td><td>○</td></tr><tr><td>2</td><td>△</td></tr></table>", kind="html"
        ),
        {1: YES, 2: MAYBE},
    ),
    "capitals": (mail("1○", sender=ASKED.upper()), {1: YES}),
    "in reply to it only": (
        mail("1○", answers=None, extra=f"In-Reply-To: <{LETTER}>\n"),
        {1: YES},
    ),
    "in a longer thread": (
        mail(
            "1○",
            answers=None,
            extra=f"References: <{LETTER}> <own@imabetsu.example>\nIn-Reply-To: <own@imabetsu.example>\n",
        ),
        {1: YES},
    ),
    "full width, a line each": (mail("１：○\n２：△\n３：×"), ALL),
    "full width dots": (mail("１．○\n２．△\n３．×"), ALL),
    "full width letters": (mail("１ｏ　３ｘ"), {1: YES, 3: NO}),
    "circled in another order": (mail("①○③×②△"), ALL),
    "a list of the letter, filled in": (
        mail(
            "　候補　1　令和9年1月19日（火）14時〜15時30分　○\n"
            "　　　　2　令和9年1月21日（木）10時〜11時30分　△\n"
            "　　　　3　令和9年1月26日（火）14時〜15時30分　×"
        ),
        ALL,
    ),
    "as a notice": (mail("下記のとおり回答します。\n\n記\n\n1　○\n2　△\n3　×\n\n　　以上"), ALL),
    "telephone numbers below": (
        mail("1○ 2△ 3×\n\n今別町役場 総務企画課\nTEL：0174-35-2001（内線 21）\nFAX：0174-35-2298"),
        ALL,
    ),
    "a floor below two hyphens": (mail("1○ 2△ 3×\n--\n3F 総務課 内線 3-1"), ALL),
    "宜しく": (mail("1 ○ 2 △ 3 ×  宜しく"), ALL),
    "between quoted lines": (
        mail("> 1　令和9年1月19日（火）14時〜15時30分\n1○\n> 2　令和9年1月21日（木）\n2×"),
        {1: YES, 2: NO},
    ),
    "quoted by Cybozu": (
        mail("1○ 2△ 3×\n\n----- 2026-11-24 09:00 に 青森市 さんは書きました -----\n1× 2×"),
        ALL,
    ),
    "quoted by Garoon": (
        mail("1○ 2△ 3×\n\n----------\n差出人: 青森市\n宛先: hisho\n件名: 候補日\n\n1× 2×"),
        ALL,
    ),
    "quoted by aipo": (mail("1○ 2△ 3×\n\n---- 元のメッセージ ----\n差出人：青森市\n\n1× 2×"), ALL),
    "quoted by Notes": (
        mail(
            "1○ 2△ 3×\n\n\n差出人: 青森市/aomori\n宛先: hisho\n日付: 2026/11/24\n件名: 候補日\n\n1×"
        ),
        ALL,
    ),
    "quoted by Becky": (
        mail("1○ 2△ 3×\n\nOn Tue, 24 Nov 2026 09:00:00 +0900\n青森市 <a@b.example> wrote:\n\n> 1×"),
        ALL,
    ),
    "a page of Google that quotes": (
        mail(
            '<div dir="ltr">1○ 2△ 3×</div><div class="gmail_quote"><div>2026年11月24日(火) 9:00 青森市'
            " &lt;a@b.example&gt;:<br></div><blockquote>1× 2×</blockquote></div>",
            kind="html",
        ),
        ALL,
    ),
    "a page with a signature": (
        mail(
            "<div>1○</div><div>2△</div><div>3×</div><div>-- <br>TEL 0174-35-2001</div>", kind="html"
        ),
        ALL,
    ),
    "ISO-2022-JP": (mail("1○ 2△ 3×", charset="iso-2022-jp"), ALL),
}
DOUBTS: Mapping[str, bytes] = {
    "double circle": mail("1◎ 2△ 3×"),
    "a sentence": mail("1番は出席できます"),
    "a sentence beside marks": mail("1○ 2△ 3×\n1番は午後なら出席できます"),
    "a condition": mail("1○（午後のみ） 2×"),
    "a condition below": mail("1○ 2× 3×\nただし、15時までに終わる場合に限ります。"),
    "two answers": mail("1○ 2△\n1×"),
    "two answers in a line": mail("1○ 1× 2△"),
    "a circle and a cross": mail("1○× 2△"),
    "struck through": mail("<p>1<s>○</s>× 2△</p>", kind="html"),
    "a date in words": mail("1○\n第二候補○"),
    "a sign of colour": mail("1⭕️ 2❌"),
    "words beside marks": mail("1○ 2△\n3：欠席"),
    "something beside marks": mail("1○ 2△\n3：なし"),
    "groups": mail("○：1、3\n×：2"),
    "marks first": mail("○1 △2 ×3"),
    "marks alone": mail("○△×"),
    "marks between quotes": mail("> 1　1/19（火）\n○\n> 2　1/21（木）\n×"),
    "two numbers share a mark": mail("1,2○ 3×"),
    "a number without a mark": mail("1○ 2 3×"),
    "a date instead of its number": mail("1/19 ○\n1/21 ×"),
    "an hour": mail("1:00 ○"),
    "no such number": mail("1○ 4×"),
    "asked": mail("1○? 2△ 3×"),
    "other signs": mail("1✓ 2△ 3×"),
    "words as marks": mail("1 可 2 不可"),
    "OK": mail("1OK 2NG"),
    "all of them": mail("すべて出席できます。"),
    "only a word": mail("了解しました。後日ご連絡します。"),
    "nothing": mail(""),
    "nothing of one's own": mail(QUOTED),
    "corrected": mail("1○ 2△ 3×\n訂正します。"),
    "two people": mail("町長：1○ 2×\n副町長：1× 2○"),
    "forged sender": mail("1○ 2△ 3×", sender="hisho@imabetsu.example.evil.example"),
    "forged name": mail("1○ 2△ 3×", sender=f'"{ASKED}" <x@evil.example>'),
    "two senders": mail("1○ 2△ 3×", sender=f"{ASKED}, x@evil.example"),
    "a colleague": mail("1○ 2△ 3×", sender="kikaku@imabetsu.example"),
    "two letters": mail("1○ 2△ 3×", extra="X-A: b\n", answers=f"{LETTER}> <{OTHER_LETTER}"),
    "forwarded with words": mail("1○ 2△ 3×", subject="Fw: 候補日のお願い"),
    "a day of a month": mail("8/25 ○\n8/27 ×"),
    "a day in words": mail("8月25日（火）○"),
    "days of no month": mail("19日○ 21日×"),
    "a day and a circled number": mail("1/19（火）① ○"),
    "an hour in brackets": mail("1（1/19 14:00～）○"),
    "numbers in kanji": mail("一 ○\n二 ×"),
    "Roman numbers": mail("Ⅰ○ Ⅱ×"),
    "from one to three": mail("1～3 ○"),
    "and": mail("1と3が○、2が×です"),
    "in words, to be fixed": mail("1○ 2未定 3×"),
    "black circles": mail("1● 2○"),
    "a remark to a number": mail("1○ 2△ 3×\n※1番は15時に退席します。"),
    "a list of a page": mail("<ol><li>○</li><li>×</li></ol>", kind="html"),
    "a name before": mail("町長は1○、2△、3×です。"),
    "circles twice": mail("1○○ 2△"),
}
LEFT_ALONE: Mapping[str, bytes] = {
    "another letter": mail("1○ 2△ 3×", answers=OTHER_LETTER),
    "no letter": mail("1○ 2△ 3×", answers=None),
    "forwarded": mail(
        "ご参考まで。\n\n---------- Forwarded message ---------\nFrom: 町長\n1○ 2△ 3×",
        subject="Fwd: 候補日のお願い",
    ),
    "out of office": mail("1○", extra="Auto-Submitted: auto-replied\n"),
    "out of office by its subject": mail("1○", subject="自動応答: 候補日のお願い"),
    "out of office by its words": mail("ただいま休暇をいただいております。戻りは12月1日です。"),
    "away": mail("本日は出張のため不在にしております。"),
    "a read receipt": mail("開封されました", subject="開封済み: 候補日のお願い"),
    "a receipt in parts": mail("x", extra="X-A: b\n").replace(
        b"text/plain", b"message/disposition-notification"
    ),
    "a list": mail("1○ 2△ 3×", extra="List-Id: <ml.imabetsu.example>\n"),
    "bulk": mail("1○ 2△ 3×", extra="Precedence: bulk\n"),
    "nobody": mail("1○ 2△ 3×", sender="<>"),
    "a daemon": mail("1○ 2△ 3×", sender="MAILER-DAEMON@imabetsu.example"),
    "no-reply": mail("1○ 2△ 3×", sender="no-reply@imabetsu.example"),
    "our own letter": mail("（例）1○ 2△ 3×").replace(
        b"<reply-1@imabetsu.example>", f"<{OTHER_LETTER}>".encode()
    ),
    "the letter itself": mail("1○").replace(b"<reply-1@imabetsu.example>", f"<{LETTER}>".encode()),
    "an invitation of theirs": mail("ご案内", calendar=calendar(method="REQUEST", uid="x@y")),
    "a calendar's answer to something else": mail(
        "承諾", answers=None, calendar=calendar(uid="x@y")
    ),
    "a calendar's answer to another invitation": mail("", answers=None, calendar=event(uid="x@y")),
    "a calendar that asks for the invitation": mail(
        "", answers=None, calendar=event(method="REFRESH")
    ),
    "a calendar's answer, passed on": mixed(
        ("Content-Type: text/plain", "FYI"),
        ("Content-Type: message/rfc822", f"Subject: x\n\n{event()}"),
    ),
}
INVITED: Mapping[str, tuple[bytes, Attending | None]] = {
    "Outlook": (mail("", calendar=calendar()), Attending.ACCEPTED),
    "Google": (
        mail("", answers=None, extra="Auto-Submitted: auto-generated\n", calendar=GOOGLE),
        Attending.DECLINED,
    ),
    "tentative": (mail("", calendar=calendar("TENTATIVE")), Attending.TENTATIVE),
    "delegated": (
        mail(
            "",
            calendar=calendar(
                "DELEGATED",
                more='ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:x@y":'
                "mailto:d@imabetsu.example\n",
            ),
        ),
        Attending.DELEGATED,
    ),
    "a counter-proposal": (mail("", calendar=calendar(method="COUNTER")), None),
    "another attendee": (mail("", calendar=calendar(attendee="x@evil.example")), None),
    "two attendees": (
        mail("", calendar=calendar(more="ATTENDEE;PARTSTAT=DECLINED:mailto:x@y.example\n")),
        None,
    ),
    "an older invitation": (mail("", calendar=calendar(sequence=0)), None),
    "another invitation": (mail("", calendar=calendar(uid="x@y")), None),
    "no answer": (mail("", calendar=calendar("NEEDS-ACTION")), None),
    "forged sender": (mail("", sender="x@evil.example", calendar=calendar()), None),
    "broken": (mail("", calendar="BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nDTSTART:x\n"), None),
    "Exchange": (
        mail("", answers=None, calendar=event(start=f"DTSTART;TZID={WINDOWS}:20270119T140000\n")),
        Attending.ACCEPTED,
    ),
    "Exchange, without a text": (only_calendar(encodebytes(event().encode())), Attending.ACCEPTED),
    "quoted-printable": (
        only_calendar(encodestring(event().encode()), encoding="quoted-printable"),
        Attending.ACCEPTED,
    ),
    "ISO-2022-JP": (
        only_calendar(event().encode("iso-2022-jp"), "iso-2022-jp", "7bit"),
        Attending.ACCEPTED,
    ),
    "UTF-16": (only_calendar(encodebytes(event().encode("utf-16")), "utf-16"), Attending.ACCEPTED),
    "a byte order mark": (mail("", answers=None, calendar="\ufeff" + event()), Attending.ACCEPTED),
    "Apple": (
        mail(
            "今別町秘書さんが承諾しました。",
            answers=None,
            calendar=event(
                f'ATTENDEE;CN="今別町 秘書";EMAIL="{ASKED}";PARTSTAT=ACCEPTED:mailto:{ASKED}'
            ),
        ),
        Attending.ACCEPTED,
    ),
    "capitals": (
        mail(
            "", answers=None, calendar=event(f"ATTENDEE;PARTSTAT=DECLINED:MAILTO:{ASKED.upper()}")
        ),
        Attending.DECLINED,
    ),
    "folded lines": (
        mail(
            "",
            answers=None,
            calendar=event(
                f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACC\n EPTED:mailto:{ASKED[:9]}\n {ASKED[9:]}",
                uid=f"{UID[:9]}\n\t{UID[9:]}",
            ),
        ),
        Attending.ACCEPTED,
    ),
    "small letters": (
        mail(
            "",
            answers=None,
            calendar=event(f"ATTENDEE;PARTSTAT=accepted:mailto:{ASKED}", method="Reply"),
        ),
        Attending.ACCEPTED,
    ),
    "through somebody else's calendar": (
        mail(
            "",
            answers=None,
            calendar=event(
                f'ATTENDEE;PARTSTAT=ACCEPTED;SENT-BY="mailto:x@y.example":mailto:{ASKED}'
            ),
        ),
        Attending.ACCEPTED,
    ),
    "a file": (
        mixed(
            ("Content-Type: text/plain", "accepted"),
            ("Content-Type: application/octet-stream; name=invite.ics", event()),
        ),
        Attending.ACCEPTED,
    ),
    "the same twice": (
        mixed(("Content-Type: text/calendar", event()), ("Content-Type: application/ics", event())),
        Attending.ACCEPTED,
    ),
    "our own words quoted": (
        mail(
            "承諾しました\n代理の方が出席されるときは、お知らせください。",
            answers=None,
            calendar=event(more="DESCRIPTION:代理の方が出席されるときは、お知ら\n せください。\n"),
        ),
        Attending.ACCEPTED,
    ),
    "declined in words too": (
        mail(
            "申し訳ありませんが、欠席します。",
            answers=None,
            calendar=event(f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ASKED}"),
        ),
        Attending.DECLINED,
    ),
    "accepted for a deputy": (
        mail("副町長が代わりに出席します。", answers=None, calendar=event()),
        None,
    ),
    "declined, but a deputy comes": (
        mail(
            "町長は欠席しますが、副町長が出席します。",
            answers=None,
            calendar=event(f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ASKED}"),
        ),
        None,
    ),
    "a comment of a deputy": (
        mail(
            "",
            answers=None,
            calendar=event(more="COMMENT;LANGUAGE=ja-JP:代理で副町長が出席します\n"),
        ),
        None,
    ),
    "two answers": (
        mail(
            "",
            answers=None,
            calendar=event("\n".join(f"ATTENDEE;PARTSTAT={s}:mailto:{ASKED}" for s in BOTH)),
        ),
        None,
    ),
    "everybody who is invited": (
        mail(
            "",
            answers=None,
            calendar=event(
                f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ASKED}\nATTENDEE:mailto:x@y.example"
            ),
        ),
        None,
    ),
    "nobody's address": (
        mail("", answers=None, calendar=event("ATTENDEE;PARTSTAT=ACCEPTED:invalid:nomail")),
        None,
    ),
    "no number of the invitation": (mail("", answers=None, calendar=event(sequence="")), None),
    "a word of its own": (
        mail("", answers=None, calendar=event(f"ATTENDEE;PARTSTAT=X-SURE:mailto:{ASKED}")),
        None,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_plain_answer_is_taken(name):
    raw, answers = RIGHT[name]
    found = read(raw)
    assert (found.kind, found.answers, found.doubt) == (ReplyKind.POLL, answers, ())


def test_a_date_behind_a_number_is_told_for_whoever_knows_the_dates():
    raw = mail("1　令和9年1月19日（火）14時〜15時30分　○\n2　2027/1/21 △\n3 ×")
    assert read(raw).days == {1: (1, 19), 2: (1, 21)}


@pytest.mark.parametrize("name", DOUBTS)
def test_a_doubtful_answer_is_asked_back_and_nothing_of_it_is_taken(name):
    found = read(DOUBTS[name])
    assert (found.kind, found.answers) == (ReplyKind.POLL, {})
    assert found.doubt and all(one.endswith("。") for one in found.doubt)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_is_no_answer_of_a_person_is_left_alone(name):
    assert read(LEFT_ALONE[name]) == ReplyMail(ReplyKind.OTHER)


@pytest.mark.parametrize("name", INVITED)
def test_an_answer_of_a_calendar_is_taken_or_doubted(name):
    raw, answer = INVITED[name]
    found = read(raw)
    assert (found.kind, found.answer, found.answers) == (ReplyKind.RSVP, answer, {})
    assert bool(found.doubt) == (answer is None)
    if answer:
        assert (found.uid, found.sequence) == (UID, 1)


def test_what_is_not_asked_is_not_looked_at():
    raw = mail("1○", answers=None, sender="x@elsewhere.example")
    assert rules.read(raw, Expected(3)).answers == {1: YES}


@given(st.binary(max_size=2000))
def test_random_bytes_are_no_mail_or_no_answer(raw):
    with suppress(Refusal):
        assert read(raw) == ReplyMail(ReplyKind.OTHER)


@settings(max_examples=60)
@given(
    st.dictionaries(st.integers(1, 3), st.sampled_from(list(DateMark)), min_size=1),
    st.sampled_from(["{}{}", "{}：{}", "候補{} {}", "第{}候補は{}", "({}) {}", "{}番→{}"]),
    st.sampled_from([" ", "\n", "、", "　"]),
    st.randoms(use_true_random=False),
)
def test_whatever_the_manner_the_same_answers_come_out(answers, form, between, random):
    signs = {YES: "○〇◯oO", MAYBE: "△▲", NO: "×✕☓xX"}
    text = between.join(
        form.format(number, random.choice(signs[mark])) for number, mark in answers.items()
    )
    assert read(mail(text)).answers == dict(sorted(answers.items()))


def test_long_lines_are_over_soon():
    for text in (
        "1" * 100_000,
        "1○ " * 30_000,
        "=" * 100_000,
        "1 " * 50_000,
        "○" * 100_000,
        "> " * 50_000,
    ):
        read(mail(text))


def test_the_command_prints_what_the_contract_names(tmp_path):
    path = tmp_path / "reply.eml"
    path.write_bytes(mail("1○ 2△"))
    words = [str(path), "--candidates", "3", "--letter", LETTER, "--asked", ASKED, "--json"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0
    assert json.loads(done.output) == {
        "kind": "poll",
        "answers": {"1": "yes", "2": "maybe"},
        "answer": None,
        "uid": None,
        "sequence": None,
        "doubt": [],
    }
    path.write_bytes(b"%PDF-1.7\n\x00")
    assert isinstance(CliRunner().invoke(command, words).exception, Refusal)


def test_there_are_enough_mails():
    assert len(RIGHT) + len(DOUBTS) + len(LEFT_ALONE) + len(INVITED) >= 140
