"""Posts, accounts, sessions and invitations.

A post (今別町 企画担当) carries the role and stays; the account that holds it changes each
third April.  A secretary is a post with a mailbox and no account.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, validates

from tracker.characters.search import LONGEST_KEY, search_key
from tracker.kernel.labelled import Labelled
from tracker.kernel.permissions import Role
from tracker.kernel.translation import N_
from tracker.plumbing.db import NEVER, PRIVATE, UNRECORDED, Model, UtcDateTime, Versioned, words
from tracker.struck.models import Struck, not_struck

_COUNTS = text("struck_at IS NULL")


class PostKind(Labelled):
    """The six roles that sign in, and those that only get letters: secretary, chief, council."""

    OFFICE = Role.OFFICE.value, Role.OFFICE.label
    LEAD = Role.LEAD.value, Role.LEAD.label
    OFFICER = Role.OFFICER.value, Role.OFFICER.label
    CONFIRMER = Role.CONFIRMER.value, Role.CONFIRMER.label
    READER = Role.READER.value, Role.READER.label
    ADMIN = Role.ADMIN.value, Role.ADMIN.label
    SECRETARY = "secretary", N_("秘書")
    CHIEF = "chief", N_("上司（課長など）")
    # Entered with its term (tracker/council), and of no office: nobody there vouches for it.
    COUNCIL = "council", N_("懇談会の委員")

    @property
    def signs_in(self) -> bool:
        """Whether accounts can hold such a post."""
        return self not in (PostKind.SECRETARY, PostKind.CHIEF, PostKind.COUNCIL)


class Post(Struck, Versioned, Model):
    """A place in an office: what it may do and where its letters go."""

    __tablename__ = "post"
    __table_args__ = (
        # What was struck leaves its name to others.
        Index(
            "ix_post_name",
            *("municipality_id", "name"),
            unique=True,
            sqlite_where=_COUNTS,
            postgresql_where=_COUNTS,
        ),
        UniqueConstraint("municipality_id", "name_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), index=True)
    kind: Mapped[PostKind] = mapped_column(words(PostKind))
    name: Mapped[str] = mapped_column(String(100))
    # What the name looks like; None beside an older post that looks alike (Kind.NAME_SHARED), and
    # of a post that was struck.
    name_key: Mapped[str | None] = mapped_column(String(LONGEST_KEY), info=UNRECORDED)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    # Whom letters go to when what this post owes is long overdue.
    chief_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    # 4月の担当者の確認: the last fiscal year for which somebody said who holds it.
    confirmed_year: Mapped[int | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(200))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", use_alter=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @hybrid_property
    def is_active(self) -> bool:
        """Whether it counts; nothing but `strike` takes it out of use."""
        return self.struck_at is None

    @is_active.inplace.expression
    @classmethod
    def _is_active(cls) -> ColumnElement[bool]:
        return not_struck(cls)

    @hybrid_property
    def is_of_office(self) -> bool:
        """Whether an office has it, and says every April who holds it: not a council's member."""
        return self.kind is not PostKind.COUNCIL

    @is_of_office.inplace.expression
    @classmethod
    def _is_of_office(cls) -> ColumnElement[bool]:
        return cls.kind != PostKind.COUNCIL

    @validates("name")
    def _follow(self, _column: str, name: str) -> str:
        self.name_key = search_key(name)
        return name


class Handover(Versioned, Model):
    """引継ぎメモ of a post: what its next holder should know."""

    __tablename__ = "handover"

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    # The fiscal year whose holder wrote it last.
    fiscal_year: Mapped[int]
    cautions: Mapped[str] = mapped_column(Text, info=PRIVATE)
    stumbles: Mapped[str] = mapped_column(Text, info=PRIVATE)
    contacts: Mapped[str] = mapped_column(Text, info=PRIVATE)
    written_by: Mapped[str] = mapped_column(String(200))
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What the holder before wrote, kept as one text when the next one writes.
    former: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    former_by: Mapped[str | None] = mapped_column(String(200))
    former_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Person(Versioned, Model):
    """An account: whoever holds the post now."""

    __tablename__ = "person"
    subject_kind = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200), info=NEVER)
    is_active: Mapped[bool] = mapped_column(default=True)
    # Signing in keeps its own books.
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=UNRECORDED)
    # 週のまとめ: one letter a week instead of one for each thing due.
    weekly_digest: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # When 「はじめて担当される方へ」 was put away.
    welcomed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutsideChange(Versioned, Model):
    """An address of a post, or a new account on it, that another municipality entered.

    Somebody of the post's own municipality is to look at it (contracts.md, "Changed by others").
    """

    __tablename__ = "outside_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    # The new account; None where it is the post's own address.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    before: Mapped[str | None] = mapped_column(String(254))
    after: Mapped[str | None] = mapped_column(String(254))
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    # Whether who signs in by it speaks for the municipality only when it was looked at: not where
    # nobody is there who could look.
    is_holding: Mapped[bool]
    looked_by: Mapped[str | None] = mapped_column(String(200))
    looked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CalendarKey(Model):
    """The secret in the address of a person's calendar feed; deleting it revokes the address."""

    __tablename__ = "calendar_key"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info=NEVER)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecondFactor(Model):
    """Somebody's authenticator app; without a row the password is enough.

    Its key stands nowhere: it is made of the nonce and the installation's secret key.
    """

    __tablename__ = "second_factor"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(32), info=NEVER)
    on_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Steps of 30 seconds since 1970: codes up to this one were used.
    last_step: Mapped[int] = mapped_column(BigInteger, info=UNRECORDED)


class SignInStep(Labelled):
    """What the sign-in record tells."""

    SIGNED_IN = "signed_in", N_("ログインした")
    SIGNED_IN_BY_CODE = "signed_in_by_code", N_("認証コードでログインした")
    SIGNED_IN_BY_RECOVERY = "signed_in_by_recovery", N_("予備コードでログインした")
    WRONG = "wrong", N_("パスワードの間違い")
    SIGNED_OUT = "signed_out", N_("ログアウトした")
    ENDED = "ended", N_("ほかの端末のログインを終了した")
    RESET_SENT = "reset_sent", N_("再設定のメールを送った")
    PASSWORD_SET = "password_set", N_("メールのリンクでパスワードを設定した")
    PASSWORD_CHANGED = "password_changed", N_("パスワードを変更した")
    WRONG_SECOND = "wrong_second", N_("認証コードの間違い")
    WRONG_CODE = "wrong_code", N_("メールのコードの間違い")
    LIFTED = "lifted", N_("管理者が待ち時間をなくした")


class SignIn(Model):
    """A session, kept here so that it can be ended from here."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info=NEVER)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Where it was opened: the address it came from, and what the browser says it is.
    source: Mapped[str | None] = mapped_column(String(64))
    browser: Mapped[str | None] = mapped_column(String(120))
    step: Mapped[SignInStep] = mapped_column(
        words(SignInStep, guarded=False),
        default=SignInStep.SIGNED_IN,
        server_default=SignInStep.SIGNED_IN.value,
    )
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInDelay(Model):
    """Tries at signing in, counted since the last one that was right.

    `key` is `sign_in.rules.delay_key`; addresses that nobody has are counted alike.
    """

    __tablename__ = "sign_in_delay"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    count: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # Nobody is let try before.
    open_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LinkUse(StrEnum):
    """Why somebody got a link to set a password: to begin with, or because it was forgotten."""

    INVITATION = "invitation"
    RESET = "reset"

    @property
    def code(self) -> str:
        """The kind of the short code that stands beside the link (mail/links.py)."""
        return f"{self.value}_code"


class Invitation(Model):
    """A link by which a person sets a password once; a person's newest is the one that opens."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[LinkUse] = mapped_column(
        words(LinkUse), default=LinkUse.INVITATION, server_default=LinkUse.INVITATION.value
    )
    # The link is made of it (mail/links.py): a new one revokes the links given out before.
    nonce: Mapped[str] = mapped_column(String(32), info=NEVER)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Wrong tries at the letter's code since it was made.
    code_tries: Mapped[int] = mapped_column(default=0, server_default="0", info=UNRECORDED)
