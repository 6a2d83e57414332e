"""Notices as servers write them, each form as it is documented, and mails that only look like one.

The texts are ours, the forms are the servers': who signs, what the subject begins with, which part
says what happened, in which charset, and how much of the letter is given back.
"""

import re
from base64 import encodebytes
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.incoming_mail.notices import OURS, TO, letter
from tracker.incoming_mail.bounces import Action

SENDER = "renkei@aomori.example"


class Form(NamedTuple):
    """One server's notice, and what must be understood of it.

    `back`: how the letter comes back: `part`, `head`, `nothing`, or `text LINE` below that line.
    """

    head: str
    text: str
    report: str = ""
    back: str = "part"
    action: str = Action.FAILED
    said: str = ""
    charset: str = "utf-8"
    kind: str = "plain"
    recipient: str = TO


def built(form: Form, message_id: str = OURS) -> bytes:
    """The mail itself."""
    copy, text = letter(message_id), form.text
    if form.back.startswith("text"):
        text += f"\n{form.back.removeprefix('text').strip()}\n{copy}"
    type_ = f"Content-Type: text/{form.kind}; charset={form.charset}"
    if not text.isascii():
        text = encodebytes(text.encode(form.charset)).decode()
        type_ += "\nContent-Transfer-Encoding: base64"
    parts = [f"{type_}\n\n{text}"]
    if form.report:
        parts.append(f"Content-Type: message/delivery-status\n\n{form.report}")
    if form.back == "part":
        parts.append(f"Content-Type: message/rfc822\n\n{copy}")
    if form.back == "head":
        top, _, _ = copy.partition("\n\n")
        parts.append(f"Content-Type: text/rfc822-headers\n\n{top}\n")
    head = f"To: {SENDER}\nMessage-ID: <notice@mx.example>\n{form.head}\nMIME-Version: 1.0\n"
    if len(parts) == 1:
        return (head + parts[0]).encode()
    kind = "report; report-type=delivery-status" if form.report else "mixed"
    body = "".join(f"--=_b\n{part}\n" for part in parts)
    return f'{head}Content-Type: multipart/{kind}; boundary="=_b"\n\n{body}--=_b--\n'.encode()


def _tables() -> Mapping[str, Mapping[str, Form]]:
    source = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    source = source.replace("OURS", OURS).replace("TO>", f"{TO}>")
    source = re.sub(r"\bTO\b(?!:|\()", TO, source)
    _, *tables = re.split(r"^##### (\w+)$", source, flags=re.M)
    return {
        name: dict(map(_form, re.split(r"^=== ", table, flags=re.M)[1:]))
        for name, table in zip(tables[::2], tables[1::2], strict=True)
    }


def _form(source: str) -> tuple[str, Form]:
    top, _, body = source.partition("\n\n")
    name, *lines = top.splitlines()
    options = [line.removeprefix("; ").partition(": ") for line in lines if line.startswith("; ")]
    head = "\n".join(line for line in lines if not line.startswith("; "))
    text, _, report = body.partition("--- report\n")
    told = {key: value for key, _, value in options}
    return name, Form(head, text.strip("\n") + "\n", report.strip(), **told)


FORMS, FORWARDED, OTHERS = _tables().values()
NAMELESS: Mapping[str, Form] = {
    name: FORMS[name]._replace(back="nothing")
    for name in ("EZweb, rejected elsewhere", "BIGLOBE", "m-FILTER", "Postfix", "no sender")
}
