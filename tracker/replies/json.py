"""What `tracker replies read` prints (contracts.md).  Pure."""

from typing import Any

from tracker.replies.reply import ReplyMail


def reply_json(reply: ReplyMail) -> dict[str, Any]:
    """A reply as JSON takes it; the numbers of dates are texts."""
    return {
        "kind": reply.kind,
        "answers": {str(number): mark for number, mark in reply.answers.items()},
        "answer": reply.answer,
        "uid": reply.uid,
        "sequence": reply.sequence,
        "doubt": list(reply.doubt),
    }
