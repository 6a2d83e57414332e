"""A real IMAP server for the tests: Dovecot on loopback, in a folder of its own.

Every test has a mailbox of its own there, by its user's name; any user may sign in.
"""

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.services import FOLDER, missing

PROGRAM, IMAP = Path("/usr/sbin/dovecot"), Path("/usr/lib/dovecot/imap")
PASSWORD = "kaeru-hagaki"
SETTINGS = """
base_dir = {folder}/base
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}.key
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={reader} gid={reader_group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
# The server lives as long as the pipe to it, so that it ends with a test process that is killed.
KEEPER = '"$0" -F -c "$1" & server=$!; read -r _; kill $server; wait $server'


@dataclass(frozen=True)
class Mailbox:
    """One user's mailbox, and what a test may do to it."""

    port: int
    tls_port: int
    username: str
    folder: Path
    certificate: Path
    password: str = PASSWORD

    def add(self, raw: bytes, flags: str = "") -> int:
        """Puts a mail into the inbox; returns its UID."""
        with self.signed_in() as client:
            client.append("INBOX", flags, imaplib.Time2Internaldate(time.time()), raw)
            client.select("INBOX")
            return int(client.uid("SEARCH", "ALL")[1][0].split()[-1])

    def flags(self) -> dict[int, set[str]]:
        """The flags of every mail that is there, by UID."""
        with self.signed_in() as client:
            client.select("INBOX", readonly=True)
            _, found = client.uid("FETCH", "1:*", "(FLAGS)")
        lines = [line.decode() for line in found if line]
        return {
            int(line.partition("UID ")[2].split(" ")[0].strip(")")): {
                flag for flag in ("\\Seen", "\\Deleted", "\\Flagged") if flag in line
            }
            for line in lines
        }

    def make_anew(self) -> None:
        """Forgets the UIDs, as a mailbox that was moved or restored: another UIDVALIDITY."""
        # Dovecot makes it from the time in seconds and the last one it knows of.
        for path in (self.folder / self.username).glob("dovecot*"):
            path.unlink()
        time.sleep(1)

    @contextlib.contextmanager
    def signed_in(self) -> Iterator[imaplib.IMAP4]:
        """A connection of the test's own."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        try:
            client.login(self.username, self.password)
            yield client
        finally:
            client.logout()


def make_certificate(path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself; its key lies beside it."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", f"{path}.key", "-out", str(path)),
        ],
        check=True,
        capture_output=True,
    )
    return path


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as doors:
        sockets = [
            doors.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [door.getsockname()[1] for door in sockets]


def _users() -> dict[str, str]:
    """Dovecot keeps root away from mails; started by anybody else it is that user throughout."""
    if os.geteuid() == 0:
        return {
            **{"internal": "dovecot", "internal_group": "dovecot", "login": "dovenull"},
            **{"reader": "nobody", "reader_group": "nogroup"},
        }
    me, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    return {
        **{"internal": me, "internal_group": group, "login": me},
        **{"reader": me, "reader_group": group},
    }


def _await(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    said = log.read_text() if log.exists() else "nothing"
    pytest.fail(f"the IMAP server did not start; it says: {said}", pytrace=False)


@pytest.fixture(scope="session")
def imap_server() -> Iterator[Mailbox]:
    """The server of this test process, as the mailbox of nobody in particular."""
    if not (PROGRAM.exists() and IMAP.exists()):
        missing("An IMAP server (Debian package dovecot-imapd)")
    # The path of a socket is limited to some hundred characters.
    folder = Path(os.environ[FOLDER]) / f"imap-{uuid.uuid4().hex[:8]}"
    mail = folder / "mail"
    mail.mkdir(parents=True)
    mail.chmod(0o777)
    folder.chmod(0o711)
    port, tls_port = _free_ports(2)
    certificate = make_certificate(folder / "certificate")
    settings = SETTINGS.format(
        folder=folder,
        certificate=certificate,
        password=PASSWORD,
        port=port,
        tls_port=tls_port,
        **_users(),
    )
    (folder / "conf").write_text(settings)
    server = subprocess.Popen(
        ["sh", "-c", KEEPER, PROGRAM, folder / "conf"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, server, folder / "log")
        yield Mailbox(port, tls_port, "", mail, certificate)
    finally:
        server.communicate(timeout=20)
        shutil.rmtree(folder)


@pytest.fixture
def returned(imap_server: Mailbox) -> Mailbox:
    """An empty mailbox of this test's own."""
    made = imap_server
    name = f"u{uuid.uuid4().hex[:12]}"
    return Mailbox(made.port, made.tls_port, name, made.folder, made.certificate)
