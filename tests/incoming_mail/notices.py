"""What mail servers write about a letter they could not deliver, in the manners that are met.

Each builder takes the letter's Message-ID and its recipient; the texts are ours, the forms are
those of RFC 3464 and of the servers named.
"""

from base64 import encodebytes
from collections.abc import Callable
from email.message import EmailMessage

OURS = "<0123456789abcdef0123456789abcdef@aomori.example>"
TO = "officer@imabetsu.example"


def _mail(head: str, body: str) -> bytes:
    return (head.strip("\n") + "\n\n" + body.strip("\n") + "\n").replace("\n", "\r\n").encode()


def letter(message_id: str = OURS, to: str = TO) -> str:
    """The letter itself, as a server encloses it."""
    return f"""Received: from tracker.aomori.example by mail.aomori.example; Tue, 24 Nov 2026 09:00:00 +0900
From: renkei@aomori.example
To: {to}
Subject: =?utf-8?b?44GK55+l44KJ44Gb?=
Message-ID: {message_id}
Auto-Submitted: auto-generated
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

5LiK5pyf44Gu6YCy5o2X5aCx5ZGK44KS44GK6aGY44GE44GX44G+44GZ44CC
"""


def postfix(
    message_id: str = OURS,
    to: str = TO,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "550 5.1.1 <officer@imabetsu.example>: Recipient address rejected: no such user",
    own_id: str = "<20261124000001.1A2B3@mail.aomori.example>",
    also: str = "",
) -> bytes:
    """Three parts: a text, the report, the whole letter."""
    return _mail(
        f"""
Return-Path: <>
From: MAILER-DAEMON@mail.aomori.example (Mail Delivery System)
To: renkei@aomori.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-Id: {own_id}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="1A2B3.1795640000/mail.aomori.example"
""",
        f"""
This is a MIME-encapsulated message.

--1A2B3.1795640000/mail.aomori.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.aomori.example.

<{to}>: host mx.imabetsu.example[192.0.2.5] said: {said}

--1A2B3.1795640000/mail.aomori.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.aomori.example
X-Postfix-Queue-ID: 1A2B3
Arrival-Date: Tue, 24 Nov 2026 09:00:00 +0900 (JST)

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to.replace("+", "+2B")}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.imabetsu.example
Diagnostic-Code: smtp; {said}
{also}
--1A2B3.1795640000/mail.aomori.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

{letter(message_id, to)}
--1A2B3.1795640000/mail.aomori.example--
""",
    )


def exchange(message_id: str = OURS, to: str = TO) -> bytes:
    """A page for people, folded headers, the letter's headers only, its ID on the next line."""
    return _mail(
        f"""
From: <postmaster@imabetsu.example>
To: <renkei@aomori.example>
Date: Tue, 24 Nov 2026 00:00:03 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="c0ffee-c0ffee"
X-MS-Exchange-Message-Is-Ndr:
Message-ID: <ndr-1@EXCH01.imabetsu.example>
In-Reply-To: {message_id}
References: {message_id}
Subject: Undeliverable: a letter
Auto-Submitted: auto-replied
MIME-Version: 1.0
""",
        f"""
--c0ffee-c0ffee
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="0decaf-0decaf"

--0decaf-0decaf
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients:=20
--0decaf-0decaf
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<html><body><p>Delivery has failed to these recipients:</p></body></html>
--0decaf-0decaf--

--c0ffee-c0ffee
Content-Type: message/delivery-status

Reporting-MTA: dns;EXCH01.imabetsu.example
Received-From-MTA: dns;mail.aomori.example
Arrival-Date: Tue, 24 Nov 2026 00:00:02 +0000

Final-Recipient: rfc822;{to.title()}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceeded;
  Failed to process message due to a permanent exception.
X-Display-Name: =?utf-8?b?5LyB55S7?=

--c0ffee-c0ffee
Content-Type: text/rfc822-headers

From: <renkei@aomori.example>
To: <{to}>
Message-ID:
\t{message_id}
Subject: =?utf-8?b?44GK55+l44KJ44Gb?=

--c0ffee-c0ffee--
""",
    )


def exim(message_id: str = OURS, to: str = TO) -> bytes:
    """A text for people, and the copy right below it."""
    return _mail(
        f"""
Return-path: <>
X-Failed-Recipients: {to}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.aomori.example>
To: renkei@aomori.example
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tFabc-0001Ab-Cd@relay.aomori.example>
""",
        f"""
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {to}
    host mx.imabetsu.example [192.0.2.5]
    SMTP error from remote mail server after RCPT TO:<{to}>:
    550 no mailbox here by that name

------ This is a copy of the message, including all the headers. ------

{letter(message_id, to)}
""",
    )


def exim_warning(message_id: str = OURS, to: str = TO) -> bytes:
    """Not yet: Exim still tries."""
    return _mail(
        f"""
Return-path: <>
Auto-Submitted: auto-replied
References: {message_id}
From: Mail Delivery System <Mailer-Daemon@relay.aomori.example>
Subject: Warning: message 1tFabc-0001Ab-Cd delayed 24 hours
""",
        f"""
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on relay.aomori.example.

The message identifier is: 1tFabc-0001Ab-Cd

The address to which the message has not yet been delivered is:

  {to}
    Delay reason: mailbox is full

No action is required on your part. Delivery attempts will continue for
some time. Eventually the mail delivery software will give up, and when
that happens, the message will be returned to you.
""",
    )


def qmail(message_id: str = OURS, to: str = TO) -> bytes:
    """The oldest form that is still met; no Message-ID of its own."""
    return _mail(
        """
Return-Path: <>
From: MAILER-DAEMON@mail.sotogahama.example
To: renkei@aomori.example
Subject: failure notice
""",
        f"""
Hi. This is the qmail-send program at mail.sotogahama.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{to}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <renkei@aomori.example>
{letter(message_id, to)}
""",
    )


def coded(message_id: str = OURS, to: str = TO) -> bytes:
    """Every part in base64, the report too; an address of an international domain."""
    report = f"""Reporting-MTA: dns; gateway.example

Final-Recipient: utf-8; {to}
Action: failed (relay gave up)
Status: 5.0.0
Diagnostic-Code: smtp; 553 5.7.1 blocked by policy
"""
    text = "ご指定の宛先へ配信できませんでした。"

    def part(kind: str, content: str) -> str:
        coded = encodebytes(content.encode()).decode()
        return f"--=_b\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{coded}"

    return _mail(
        "From: postmaster@gateway.example\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; boundary==_b; report-type=delivery-status",
        part("text/plain; charset=utf-8", text)
        + part("message/global-delivery-status", report)
        + part("message/rfc822", letter(message_id, to))
        + "--=_b--",
    )


def expanded_list(message_id: str = OURS, to: str = TO) -> bytes:
    """A list of two: somebody else's mailbox fails, ours has it."""
    also = f"\nFinal-Recipient: rfc822; {to}\nAction: relayed\nStatus: 2.0.0\n"
    return postfix(message_id, "somebody@elsewhere.example", also=also)


def out_of_office(message_id: str = OURS, to: str = TO) -> bytes:
    """A person's mailbox answers by itself, and quotes the letter."""
    return _mail(
        f"""
Return-Path: <>
From: {to}
To: renkei@aomori.example
Subject: =?utf-8?b?5LiN5Zyo?= Re: undeliverable things
Auto-Submitted: auto-replied
In-Reply-To: {message_id}
References: {message_id}
Content-Type: text/plain; charset=utf-8
""",
        f"""
ただいま出張中です。このメールへのお返事は、届けられない場合があります。

> Message-ID: {message_id}
> To: {to}
""",
    )


def read_receipt(message_id: str = OURS, to: str = TO) -> bytes:
    """The letter was opened, or thrown away unread: it arrived."""
    return _mail(
        f"""
From: Postmaster <postmaster@imabetsu.example>
Subject: Not read: undeliverable
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="m"
References: {message_id}
""",
        f"""
--m
Content-Type: text/plain

Your message was deleted without being read, so it is permanently gone for {to}.
--m
Content-Type: message/disposition-notification

Final-Recipient: rfc822;{to}
Original-Message-ID: {message_id}
Disposition: automatic-action/MDN-sent-automatically; deleted
--m--
""",
    )


def answer_that_bounced(message_id: str = OURS, to: str = TO) -> bytes:
    """Somebody's own answer to a letter came back: it names the letter, it is not the letter."""
    raw = postfix("<somebodys-answer@aomori.example>", to).decode()
    return raw.replace(
        "Auto-Submitted: auto-generated", f"In-Reply-To: {message_id}\r\nReferences: {message_id}"
    ).encode()


def answer_that_bounced_in_plain_text(message_id: str = OURS, to: str = TO) -> bytes:
    """The same from a server that encloses a copy, and names in its head what was answered."""
    raw = exim("<somebodys-answer@aomori.example>", to).decode()
    raw = raw.replace("Auto-Submitted: auto-generated", f"In-Reply-To: {message_id}")
    return f"References: {message_id} <somebodys-answer@aomori.example>\r\n{raw}".encode()


def forwarded(message_id: str = OURS, to: str = TO) -> bytes:
    """A colleague sends a notice on as an attachment."""
    return _mail(
        """
From: reader@aomori.example
Subject: Fwd: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=fw
""",
        "--fw\nContent-Type: text/plain\n\nFYI\n--fw\nContent-Type: message/rfc822\n\n"
        + postfix(message_id, to).decode().replace("\r\n", "\n")
        + "\n--fw--",
    )


def everyday_mail(message_id: str = OURS, to: str = TO) -> bytes:
    """A person writes."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = to, "renkei@aomori.example", "ご相談"
    mail["Message-ID"] = "<question-1@imabetsu.example>"
    mail.set_content("お世話になっております。届かない場合はお電話ください。")
    return mail.as_bytes()


Builder = Callable[[str, str], bytes]
NOT_OURS: dict[str, Builder] = {
    "out of office": out_of_office,
    "read receipt": read_receipt,
    "an answer that bounced": answer_that_bounced,
    "an answer that bounced in plain text": answer_that_bounced_in_plain_text,
    "forwarded by a colleague": forwarded,
    "everyday mail": everyday_mail,
}
