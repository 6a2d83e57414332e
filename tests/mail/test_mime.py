"""A letter as bytes: what any mail program reads out of them is what was written."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.incoming_mail import parts
from tracker.mail import mime

SENDER = "青森市, 連携推進担当 <renkei@aomori.example>"
# What a person can type into a name or a subject; control signs are refused elsewhere.
LINE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=200).map(str.strip)


@dataclass(frozen=True)
class Message:
    """A letter without its row."""

    message_id: str = "<abc@aomori.example>"
    to_name: str = "今別町 企画担当"
    to_email: str = "officer@imabetsu.example"
    subject: str = "【あと3日】上期の進捗報告のお願い"
    body: str = "一行目\n二行目\n"
    send_at: datetime = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
    calendar: str | None = None


def read(letter: Message, sender: str = SENDER) -> EmailMessage:
    """The message as a mail program sees it."""
    raw = mime.message(letter, sender)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 320
    return message_from_bytes(raw, policy=default)


def test_the_headers_are_what_mail_programs_and_robots_expect():
    mail = read(Message())
    assert mail["Date"].datetime.isoformat() == "2026-11-27T00:00:00+09:00"
    assert mail["Message-ID"] == "<abc@aomori.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["MIME-Version"] == "1.0"
    assert mail.get_content_charset() == "utf-8"
    assert mail["Content-Transfer-Encoding"] == "base64"
    assert mail.get_content().replace("\r\n", "\n") == "一行目\n二行目\n"


def test_a_name_with_a_comma_stays_one_name():
    mail = read(Message(to_name='Imabetsu, "Town" Office'))
    assert [one.display_name for one in mail["To"].addresses] == ['Imabetsu, "Town" Office']
    assert [one.display_name for one in mail["From"].addresses] == ["青森市, 連携推進担当"]
    assert mail["From"].addresses[0].addr_spec == "renkei@aomori.example"


def test_a_bare_address_and_no_name_will_do():
    mail = read(Message(to_name=""), "renkei@aomori.example")
    assert str(mail["To"]) == "officer@imabetsu.example"
    assert str(mail["From"]) == "renkei@aomori.example"


def test_a_japanese_domain_goes_out_in_its_ascii_form():
    plain = mime.ascii_address("officer@今別町.example")
    assert plain.startswith("officer@xn--")
    assert plain.partition("@")[2].encode().decode("idna") == "今別町.example"


@pytest.mark.parametrize("local", ["a..b", "abc.", ".abc"])
def test_dots_as_carriers_gave_them_out_go_in_quotes(local):
    address = f"{local}@docomo.ne.jp"
    quoted = mime.smtp_address(address)
    assert quoted == f'"{local}"@docomo.ne.jp'
    assert mime.ascii_address(quoted) == mime.ascii_address(address) == address
    [to] = read(Message(to_email=address))["To"].addresses
    assert (to.username, to.domain) == (local, "docomo.ne.jp")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@imabetsu.example",
        "日本@imabetsu.example",
        "a@b.example\r\nBcc: thief@evil.example",
        "a@b.example> SIZE=1",
        "a b@imabetsu.example",
        "a@b.example, c@d.example",
        "a@-.example\x00",
    ],
)
def test_what_is_no_address_is_refused_in_plain_words(address):
    with pytest.raises(mime.Unsendable, match="の形が正しくありません"):
        mime.message(Message(to_email=address), SENDER)


@pytest.mark.parametrize("field", ["subject", "to_name", "message_id"])
@pytest.mark.parametrize("bad", ["\n", "\r", "\r\nBcc: thief@evil.example", "\x00"])
def test_no_field_can_begin_another_header(field, bad):
    with pytest.raises(mime.Unsendable, match="改行などの使えない文字"):
        mime.message(replace(Message(), **{field: f"a{bad}b"}), SENDER)


@given(LINE, LINE, st.text(st.characters(exclude_categories=("Cs",)), max_size=400))
def test_any_words_arrive_as_they_were_written(name, subject, body):
    letter = Message(to_name=name, subject=subject, body=body)
    mail = read(letter)
    assert mail["Subject"] == subject
    # Python's newer reader parts a long name at every encoded word; the older one does not.
    to = message_from_bytes(mime.message(letter, SENDER))["To"].replace("\r\n", "")
    arrived, address = parseaddr(to)
    # Readers take several blanks in a name for one.
    assert str(make_header(decode_header(arrived))).split() == name.split()
    assert address == letter.to_email
    assert mail.get_content().splitlines() == (body.splitlines() or [""])


def test_the_same_letter_is_the_same_bytes_at_every_attempt():
    assert mime.message(Message(), SENDER) == mime.message(Message(), SENDER)


@pytest.mark.parametrize("method, name", [("REQUEST", "invite.ics"), ("CANCEL", "cancel.ics")])
def test_a_calendar_is_another_form_of_the_text_and_a_file_besides(method, name):
    calendar = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nSUMMARY:市町村長会議\r\nEND:VCALENDAR\r\n"
    letter = Message(calendar=calendar)
    mail = read(letter)
    forms, file = mail.iter_parts()
    assert mail["Subject"] == letter.subject and mail.get_content_type() == "multipart/mixed"
    assert forms.get_content_type() == "multipart/alternative"
    plain, form = forms.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == letter.body
    assert form.get_content_type() == "text/calendar"
    assert (form.get_param("method"), form.get_content_charset()) == (method, "utf-8")
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", name)
    for one in (form, file):
        assert one.get_payload(decode=True).decode() == calendar
    assert mime.message(letter, SENDER) == mime.message(letter, SENDER)
    # Read as our own reader of mails that come back reads it.
    [first, *_files] = parts.read(mime.message(letter, SENDER))[1]
    assert first.text.splitlines() == letter.body.splitlines()
