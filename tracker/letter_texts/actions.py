"""Changes the words of letters, and takes them back to the original."""

from tracker.accounts import queries as accounts
from tracker.duty.duty import PersonalLink
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.letter_texts.rules import check_words
from tracker.mail import letters, texts
from tracker.mail.kinds import TextUse
from tracker.mail.letters import Recipient
from tracker.mail.links import Composed, hidden
from tracker.mail.texts import LETTER_KINDS, LetterText
from tracker.mail.wording import Wording
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

LINK = "/reports/2026-h1"


def change(act: Act, kind: str, words: Wording, seen: str | None = None) -> None:
    """Letters of this kind are written with these words from now on.

    `seen` is what the person saw, `UNSEEN` for the original.  Raises Conflict and Refusal.
    """
    check_words(LETTER_KINDS[kind], words)
    row = act.own(LetterText, kind, seen)
    said = f"「{LETTER_KINDS[kind].label}」の文面を直しました。"
    with act.change("letter_text.changed", row, said) as entry:
        if row is None:
            row = entry.subject = LetterText(kind=kind)
            db.session.add(row)
            entry.was = LETTER_KINDS[kind].original._asdict()
        row.subject, row.body = words
    texts.forget()


def restore(act: Act, kind: str, seen: str | None = None) -> None:
    """最初の文面に戻す."""
    row = act.own(LetterText, kind, seen)
    if row is None:
        raise Refusal(_("この文面は、最初のままです。"))
    said = f"「{LETTER_KINDS[kind].label}」の文面を最初に戻しました。"
    with act.change("letter_text.restored", row, said) as entry:
        db.session.delete(row)
        entry.told = LETTER_KINDS[kind].original._asdict()
    texts.forget()


def preview(kind: str, words: Wording, to: Recipient) -> tuple[str, str]:
    """Subject and body with sample values, as this recipient would read them.  Raises Refusal."""
    check_words(LETTER_KINDS[kind], words)
    about = LETTER_KINDS[kind]
    link = PersonalLink(about.link, 0) if about.link else LINK
    subject, body = letters.compose(kind, to, about.fields, link=link, words=words)
    if about.use is TextUse.MATTER:
        values = {"件名": subject, "用件": Composed(body.strip("\n"))}
        subject, body = letters.compose("reminder", to, values)
    return subject, hidden(body)


def send_to_oneself(act: Act, subject: str, body: str, cause: str) -> str:
    """Puts a letter to try it out into the outbox; returns the address."""
    assert act.by is not None
    [to, *_other] = accounts.recipients_of_person(act.by.person_id)
    key = f"{cause}:{act.at.isoformat()}:{to.key}"
    with act:
        letters.write("test", to, f"【試し送り】{subject}", body, key=key, at=act.at)
    return to.email
