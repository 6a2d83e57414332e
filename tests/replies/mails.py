"""Reply mails as people's programs write them: quoted, in any charset, as pages, with calendars."""

from base64 import encodebytes

LETTER = "0123456789abcdef0123456789abcdef@renkei.aomori.example"
OTHER_LETTER = LETTER.replace("0123", "3210", 1)
ASKED = "hisho@imabetsu.example"
UID = "5f0c1d2e-7a@renkei.aomori.example"
QUOTED = """
2026年11月24日(火) 9:00 青森市 連携担当 <renkei@aomori.example>:

> 候補日
> 1　1/19（火）14:00～15:30
> 2　1/21（木）10:00～11:30
> 3　1/26（火）14:00～15:30
> （例）1○ 2△ 3×
"""
OUTLOOK = """
________________________________
差出人: 青森市 連携担当 <renkei@aomori.example>
送信日時: 2026年11月24日 9:00
宛先: 今別町 秘書
件名: 候補日のお願い

1　1/19（火）14:00～15:30
（例）1○ 2△ 3×
"""


def mail(
    text: str = "",
    *,
    sender: str = f"今別町 秘書 <{ASKED}>",
    subject: str = "Re: 候補日のお願い",
    answers: str | None = LETTER,
    extra: str = "",
    charset: str = "utf-8",
    kind: str = "plain",
    calendar: str = "",
) -> bytes:
    """A mail that answers a letter."""
    head = f"From: {sender}\nTo: renkei@aomori.example\nSubject: {subject}\nMessage-ID: <reply-1@imabetsu.example>\n"
    if answers:
        head += f"In-Reply-To: <{answers}>\nReferences: <{answers}>\n"
    coded = encodebytes(text.encode(charset)).decode()
    part = f"Content-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: base64\n\n{coded}"
    head += extra + "MIME-Version: 1.0\n"
    if not calendar:
        return (head + part).replace("\n", "\r\n").encode()
    coded = encodebytes(calendar.encode()).decode()
    body = f"--b\n{part}\n--b\nContent-Type: text/calendar; method=REPLY; charset=utf-8\n"
    body += f"Content-Transfer-Encoding: base64\n\n{coded}\n--b--\n"
    return f"{head}Content-Type: multipart/alternative; boundary=b\n\n{body}".encode()


def calendar(
    partstat: str = "ACCEPTED",
    *,
    method: str = "REPLY",
    attendee: str = ASKED,
    uid: str = UID,
    sequence: int = 1,
    more: str = "",
) -> str:
    """An answer as Outlook writes it, its time zone by the name that Windows gives it."""
    return f"""BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:{method}
BEGIN:VTIMEZONE
TZID:Tokyo Standard Time
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0900
TZOFFSETTO:+0900
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT={partstat};CN=今別町長:mailto:{attendee}
DTSTART;TZID="Tokyo Standard Time":20270119T140000
DTEND;TZID="Tokyo Standard Time":20270119T153000
DTSTAMP:20261125T010000Z
UID:{uid}
SEQUENCE:{sequence}
{more}SUMMARY:承諾: 連携協約の会議
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


GOOGLE = f"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:20270119T050000Z
DTEND:20270119T063000Z
DTSTAMP:20261125T010000Z
ORGANIZER;CN=renkei@aomori.example:mailto:renkei@aomori.example
UID:{UID}
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;CN=hish
 o@imabetsu.example;X-NUM-GUESTS=0:mailto:{ASKED}
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:会議
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def event(
    attendee: str = f"ATTENDEE;PARTSTAT=ACCEPTED;CN=hisho:mailto:{ASKED}",
    *,
    method: str = "REPLY",
    uid: str = UID,
    sequence: str = "SEQUENCE:1\n",
    start: str = "DTSTART;TZID=Asia/Tokyo:20270119T140000\n",
    more: str = "",
) -> str:
    """A calendar's answer as plain as can be; what programs write differently is put in."""
    return (
        f"BEGIN:VCALENDAR\nPRODID:-//x//y\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VEVENT\n{attendee}\n"
        f"UID:{uid}\n{sequence}DTSTAMP:20261125T000000Z\n{start}"
        f"ORGANIZER:mailto:renkei@aomori.example\nSUMMARY:会議\n{more}END:VEVENT\nEND:VCALENDAR\n"
    )


def only_calendar(content: bytes, charset: str = "utf-8", encoding: str = "base64") -> bytes:
    """A mail that is a calendar and nothing else, as Exchange writes it."""
    head = (
        f"From: 今別町 秘書 <{ASKED}>\nTo: renkei@aomori.example\nSubject: accepted\n"
        f"Message-ID: <reply-2@imabetsu.example>\nMIME-Version: 1.0\n"
        f"Content-Type: text/calendar; method=REPLY; charset={charset}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n"
    )
    return head.encode() + content


def mixed(*parts: tuple[str, str]) -> bytes:
    """A mail of several parts: the headers of each, and its text."""
    head = f"From: {ASKED}\nTo: renkei@aomori.example\nSubject: 承諾\nMessage-ID: <r@x>\nMIME-Version: 1.0\n"
    body = "".join(f"--q\n{headers}\n\n{text}\n" for headers, text in parts)
    return f"{head}Content-Type: multipart/mixed; boundary=q\n\n{body}--q--\n".encode()
