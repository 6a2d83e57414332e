"""Posts that came without a session: kept in the home until whoever wrote them has signed in again.

A kept post is never carried out: its form is shown with all that was typed, as often as somebody
asks for it, and the person sends it.  It is a file signed with the secret key, read by the program's
account alone, and gone when its form was sent, when it was thrown away or after a day (contracts.md,
"Trust").  It is signed and not encrypted: the key and the drafts in the database lie in the same home.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from flask import current_app, g, request
from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import FileStorage, ImmutableMultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from tracker.plumbing import clock
from tracker.plumbing.pages import SECRET
from tracker.storage.files import write_whole

KEPT_FOR = timedelta(hours=24)
# Posts and bytes kept for one person, and for all: whoever has an old page of ours fills no disk.
MOST_OF_ONE, LARGEST_OF_ONE = 20, 40 << 20
MOST, LARGEST = 2_000, 400 << 20
_NAME = re.compile(r"(\d{1,9})-(\d{1,12})-([0-9a-f]{24})")
# Put into a form that is shown again: which post it is, and that its files go along.
_OURS = {"csrf_token", "kept", "kept_files", "pressed"}


class Waiting(NamedTuple):
    """What waits for a person: the address that shows the newest, when it came, how many, and whether that
    is more than a pressed button."""

    url: str
    at: datetime
    number: int
    holds: bool


class _Upload(NamedTuple):
    name: str
    filename: str
    kind: str
    content: bytes


class _Post(NamedTuple):
    file: Path
    address: str
    fields: Sequence[Sequence[str]]
    uploads: Sequence[_Upload]

    @property
    def mark(self) -> str:
        return self.file.name.rpartition("-")[2]


class _Entry(NamedTuple):
    file: Path
    person_id: int
    at: datetime
    mark: str
    size: int


def keep(person_id: int) -> bool:
    """Keeps what this request posts for that person; False where there is no room for it.

    The same again is the same file, and lives no longer for it.  A form that was shown again, and
    once more finds nobody signed in, takes the place of what it was shown from.
    """
    take_files(person_id)
    fields = [
        [name, value]
        for name, value in request.form.items(multi=True)
        if name not in _OURS and not SECRET.search(name)
    ]
    uploads = [
        _Upload(name, one.filename, one.mimetype, one.stream.read())
        for name, one in request.files.items(multi=True)
        if one.filename
    ]
    asked = urlencode([one for one in request.args.items(multi=True) if one[0] != "kept"])
    content = _sealed(person_id, f"{request.path}?{asked}".rstrip("?"), fields, uploads)
    mark, at, before = sha256(content).hexdigest()[:24], clock.now(), _sent(person_id)
    there = [one for one in _entries(at) if before is None or one.file != before.file]
    own = [one for one in there if one.person_id == person_id]
    if mark in {before.mark if before else "", *(one.mark for one in own)}:
        return True
    for ones, most, largest in ((own, MOST_OF_ONE, LARGEST_OF_ONE), (there, MOST, LARGEST)):
        if len(ones) >= most or sum(one.size for one in ones) + len(content) > largest:
            return False
    is_kept = _write(_folder() / f"{person_id}-{at.timestamp():.0f}-{mark}", content)
    if is_kept and before:
        before.file.unlink(missing_ok=True)
    return is_kept


def waiting(person_id: int) -> Waiting | None:
    """What waits for a person, newest first; on a page that shows one, the next of the others."""
    shown = _shown(person_id)
    own = sorted(_entries(clock.now(), person_id), key=lambda one: (one.at, one.mark), reverse=True)
    place = next((turn for turn, one in enumerate(own) if one.mark == shown), -1) + 1
    others = [one for one in (*own[place:], *own[:place]) if one.mark != shown]
    post = _read(others[0]) if others else None
    if post is None:
        return None
    sign = "&" if "?" in post.address else "?"
    url = f"{post.address}{sign}kept={post.mark}"
    holds = any(name != "once" and not name.endswith("seen") for name, _ in post.fields)
    return Waiting(url, others[0].at, len(others), holds or bool(post.uploads))


def shown() -> str:
    """Which post the forms of this page carry on: the one shown, or whose form came back; or ""."""
    actor = g.get("actor")
    return _shown(actor.person_id) if actor else ""


def _shown(person_id: int) -> str:
    post: _Post | None = g.get("kept_post")
    if post:
        return post.mark
    mark = ""
    # What is too large, or broke off, is said on a page that reads no form.
    with suppress(HTTPException):
        mark = request.form.get("kept", "")
    there = _entries(clock.now(), person_id) if mark else ()
    return mark if any(one.mark == mark for one in there) else ""


def throw_away(person_id: int, mark: str) -> bool:
    """Removes what a person does not want back; False where it is gone or somebody else's."""
    post = _find(person_id, mark)
    if post:
        post.file.unlink(missing_ok=True)
    return post is not None


def _sent(person_id: int) -> _Post | None:
    """What the form of this request was shown from; other forms of that page are other addresses."""
    post = _find(person_id, request.form.get("kept", ""))
    return post if post and post.address.partition("?")[0] == request.path else None


def show_again(person_id: int) -> None:
    """Makes a request for what is kept (?kept=) that post again, with a token that is not good.

    So its own view shows the form with all that was typed, and carries nothing out.  Where nothing
    waits for this person, the request is what it is.
    """
    post = _find(person_id, request.args["kept"])
    path, _, query = post.address.partition("?") if post else ("", "", "")
    adapter = current_app.create_url_adapter(request)
    if post is None or adapter is None or request.path != path:
        return
    with suppress(NotFound, MethodNotAllowed):
        request.url_rule, found = adapter.match(method="POST", return_rule=True)
        request.view_args = dict(found)
        request.routing_exception = None
        request.method, request.query_string = "POST", query.encode()
        for known in ("args", "full_path", "url"):
            request.__dict__.pop(known, None)
        request.form = ImmutableMultiDict((name, value) for name, value in post.fields)
        request.files = ImmutableMultiDict()
        g.kept_post = post
        _take(post)


def take_files(person_id: int) -> None:
    """Puts the files of a form that was shown again where no others were chosen."""
    name = request.form.get("kept_files")
    if name and (post := _find(person_id, name)):
        _take(post)


def _take(post: _Post) -> None:
    """The files of a post become those of this request, and go along with its form."""
    chosen = {name for name, one in request.files.items(multi=True) if one.filename}
    files = [(name, one) for name, one in request.files.items(multi=True) if name in chosen]
    for one in post.uploads:
        if one.name not in chosen:
            stream = BytesIO(one.content)
            files.append(
                (one.name, FileStorage(stream, one.filename, one.name, content_type=one.kind))
            )
    request.files = ImmutableMultiDict(files)
    if post.uploads:
        g.kept_files = post


def end(person_id: int) -> None:
    """Removes what this request has sent, or has shown where its page says all there is to say."""
    for post in (_sent(person_id), g.get("kept_post")):
        if post:
            post.file.unlink(missing_ok=True)


def files_of(field: str) -> tuple[str, Sequence[str]]:
    """The files kept of a box of this page's form: what stands for them, and their names."""
    post: _Post | None = g.get("kept_files")
    names = [one.filename for one in post.uploads if one.name == field] if post else []
    return post.mark if post and names else "", names


def sweep(at: datetime) -> None:
    """Removes what nobody came for within a day."""
    for _entry in _entries(at):
        pass


def _folder() -> Path:
    return Path(current_app.config["HOME"]) / "kept"


def _entries(at: datetime, person_id: int | None = None) -> Iterator[_Entry]:
    """What is kept, of one person or of all.

    What is too old goes, and what a clock wrote that has gone back since.
    """
    for file in _folder().glob("*" if person_id is None else f"{person_id}-*"):
        # Another request may be at the same work.
        with suppress(FileNotFoundError):
            name, found = _NAME.fullmatch(file.name), file.stat()
            came = datetime.fromtimestamp(int(name[2]) if name else found.st_mtime, UTC)
            if abs(at - came) > KEPT_FOR:
                file.unlink()
            elif name:
                yield _Entry(file, int(name[1]), came, name[3], found.st_size)


def _find(person_id: int, mark: str) -> _Post | None:
    own = _entries(clock.now(), person_id) if mark else ()
    return next((_read(one) for one in own if one.mark == mark), None)


def _sealed(
    person_id: int, address: str, fields: Sequence[Sequence[str]], uploads: Iterable[_Upload]
) -> bytes:
    heads = [[*one[:-1], len(one.content)] for one in uploads]
    head = json.dumps([person_id, address, fields, heads]).encode()
    return _signer().sign(b"\n".join((head, b"".join(one.content for one in uploads))))


def _read(entry: _Entry) -> _Post | None:
    """A post as it was sealed for its person; None for anything else that lies there."""
    try:
        head, _, rest = _signer().unsign(entry.file.read_bytes()).partition(b"\n")
    except (OSError, BadSignature):
        return None
    person_id, address, fields, heads = json.loads(head)
    uploads, at = [], 0
    for name, filename, kind, length in heads:
        uploads.append(_Upload(name, filename, kind, rest[at : at + length]))
        at += length
    return _Post(entry.file, address, fields, uploads) if person_id == entry.person_id else None


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="kept post", digest_method=sha256)


def _write(file: Path, content: bytes) -> bool:
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(file, content)
    except OSError as error:
        current_app.logger.error("a post could not be kept: %s", error)
        return False
    return True
