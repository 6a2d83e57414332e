"""Settings, each read from the environment.  Read with from_pyfile, never imported.

Every name also has a `_FILE` form that names a file holding the value, for secrets.
"""

import os
import pathlib

_BUILD = os.environ.get("TRACKER_ROOT", str(pathlib.Path(__file__).parent))


def _text(name: str, default: str = "") -> str:
    """The value of NAME, or of the file that NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def _number(name: str, default: int) -> int:
    """A whole number; anything else stops the start and names the setting."""
    value = _text(name, str(default))
    if not value.isdecimal():
        raise SystemExit(f"{name} must be a whole number, not {value!r}")
    return int(value)


def _choice(name: str, default: str, *choices: str) -> str:
    """One of the choices; anything else stops the start and names the setting."""
    value = _text(name, default)
    if value not in choices:
        raise SystemExit(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


# Where the database, the secret key, the outbox and uploads live.
HOME = pathlib.Path(_text("TRACKER_HOME", str(pathlib.Path(_BUILD) / "instance"))).resolve()

# SQLite in the home unless another database is named; PostgreSQL always through psycopg 3.
SQLALCHEMY_DATABASE_URI = _text("TRACKER_DATABASE_URL", f"sqlite:///{HOME / 'tracker.sqlite3'}")
for _prefix in ("postgres://", "postgresql://"):
    if SQLALCHEMY_DATABASE_URI.startswith(_prefix):
        SQLALCHEMY_DATABASE_URI = "postgresql+psycopg://" + SQLALCHEMY_DATABASE_URI[len(_prefix) :]

# Signs cookies and personal links.  No default: `tracker run` keeps one in the home.
SECRET_KEY = _text("TRACKER_SECRET_KEY")
if not SECRET_KEY and (HOME / "secret_key").exists():
    SECRET_KEY = (HOME / "secret_key").read_text(encoding="ascii").strip()

# The address people reach the pages at; it stands in every link of a letter.  Only the example
# on this machine goes without: a link to nowhere is worse than no letter.
IS_BASE_URL_SET = bool(_text("TRACKER_BASE_URL"))
BASE_URL = _text("TRACKER_BASE_URL", "http://127.0.0.1:8000").rstrip("/")

# Addresses of the reverse proxies whose forwarding headers are believed, with commas.
TRUSTED_PROXY = [one.strip() for one in _text("TRACKER_TRUSTED_PROXY").split(",") if one.strip()]

# What the page for the first set-up asks for; `tracker run --empty` makes one and prints it.
SETUP_CODE = _text("TRACKER_SETUP_CODE")

# No mail server: letters become .eml files in the home's outbox folder.
MAIL_SERVER = _text("TRACKER_MAIL_SERVER")
MAIL_TLS = _choice("TRACKER_MAIL_TLS", "none", "none", "starttls", "ssl")
MAIL_PORT = _number("TRACKER_MAIL_PORT", {"none": 25, "starttls": 587, "ssl": 465}[MAIL_TLS])
MAIL_USERNAME = _text("TRACKER_MAIL_USERNAME") or None
MAIL_PASSWORD = _text("TRACKER_MAIL_PASSWORD") or None
MAIL_USE_TLS = MAIL_TLS == "starttls"
MAIL_USE_SSL = MAIL_TLS == "ssl"
MAIL_DEFAULT_SENDER = _text("TRACKER_MAIL_SENDER", "renkei@tracker.example")
MAIL_SUPPRESS_SEND = False

# The mailbox that undelivered letters come back to.  No server: it is not read.
IMAP_SERVER = _text("TRACKER_IMAP_SERVER")
IMAP_TLS = _choice("TRACKER_IMAP_TLS", "ssl", "ssl", "starttls", "none")
IMAP_PORT = _number("TRACKER_IMAP_PORT", 993 if IMAP_TLS == "ssl" else 143)
IMAP_USERNAME = _text("TRACKER_IMAP_USERNAME")
IMAP_PASSWORD = _text("TRACKER_IMAP_PASSWORD")
IMAP_FOLDER = _text("TRACKER_IMAP_FOLDER", "INBOX")

# Seconds: an SMTP or IMAP command, the final reply after the text, and a letter's lease.
MAIL_COMMAND_SECONDS = _number("TRACKER_MAIL_COMMAND_SECONDS", 60)
MAIL_REPLY_SECONDS = _number("TRACKER_MAIL_REPLY_SECONDS", 600)
LETTER_LEASE_SECONDS = _number("TRACKER_LETTER_LEASE_SECONDS", 900)

# Seconds between two looks of the clock.
CLOCK_SECONDS = _number("TRACKER_CLOCK_SECONDS", 30)

# The one password of the example accounts; this one is published and opens only on this machine.
DEMO_PASSWORD = _text("TRACKER_DEMO_PASSWORD", "renkei-rei-2026")

# Requests answered at a time.  Posts take half of them at most, so that those which wait for the
# database or a password never keep people from reading; more threads only take turns at Python's
# one lock.
THREADS = _number("TRACKER_THREADS", 12)
# Connections open at a time; when they are nearly all there, those that were silent the longest
# are closed.  Each takes an open file: the start raises the process's limit as far as it may.
CONNECTIONS = _number("TRACKER_CONNECTIONS", 2000)
# A connection that sends nothing is closed after so many seconds; browsers open another one.
CONNECTION_SECONDS = _number("TRACKER_CONNECTION_SECONDS", 30)
# So many seconds a request may take to arrive, and one more for each 16 kB of what it brings.
REQUEST_SECONDS = _number("TRACKER_REQUEST_SECONDS", 20)

# Argon2id: memory in KiB and passes; the library's defaults are for production.
ARGON2_MEMORY_KIB = _number("TRACKER_ARGON2_MEMORY_KIB", 65536)
ARGON2_PASSES = _number("TRACKER_ARGON2_PASSES", 3)
# Two passwords are worked on at a time; who waits longer than this, in milliseconds, is sent away.
HASH_WAIT_MS = _number("TRACKER_HASH_WAIT_MS", 3000)
# A session ends in minutes: so long after its last page, and so long after it was opened.  A report
# takes a morning with telephone calls between; the next day everybody signs in again.
SESSION_IDLE_MINUTES = _number("TRACKER_SESSION_IDLE_MINUTES", 120)
SESSION_MINUTES = _number("TRACKER_SESSION_MINUTES", 12 * 60)
# Whether office and admin must have a second factor (2段階認証): on or off.
REQUIRE_TOTP = _choice("TRACKER_REQUIRE_TOTP", "off", "off", "on") == "on"
# So many tries at signing in go without a delay.
FREE_TRIES = _number("TRACKER_FREE_TRIES", 3)

# Behind HTTPS the cookie must never travel in the clear.
SESSION_COOKIE_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "renkei"

# What all attachments may take in the home, in MB.
UPLOADS_MB = _number("TRACKER_UPLOADS_MB", 5000)
# Files of 12 MB together, as the page says, and what a browser puts around them.
MAX_CONTENT_LENGTH = (12 * 1024 + 128) * 1024
MAX_FORM_MEMORY_SIZE = 12 * 1024 * 1024
WTF_CSRF_TIME_LIMIT = None
# Token and origin are judged by exposure/checks.py, which gives a form back instead of losing it.
WTF_CSRF_CHECK_DEFAULT = False
WTF_CSRF_SSL_STRICT = False
# A writer waits so long for another one, in milliseconds; then the page is kept and says so.
LOCK_MS = _number("TRACKER_LOCK_MS", 5000)
# A connection that broke while nobody used it is replaced, and no thread waits for another's.
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True, "pool_size": THREADS + 2}
