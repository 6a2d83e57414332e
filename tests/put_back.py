"""A PostgreSQL database whose rows are put back, because a fresh copy is some 600 files each time.

Triggers name the tables that were written to; a copy of each, in a schema of its own, refills it.
"""

from typing import LiteralString, cast

import psycopg

# A statement that touches no row writes nothing, so the trigger of tables is one of rows.
NOTES = """
CREATE SCHEMA saved;
CREATE TABLE saved.written (name text PRIMARY KEY);
CREATE FUNCTION saved.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO saved.written VALUES (TG_TABLE_NAME) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION saved.note_shape() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO saved.written VALUES ('') ON CONFLICT DO NOTHING;
END $$;
"""
NOTE_SHAPE = (
    "CREATE EVENT TRIGGER note_shape ON ddl_command_end EXECUTE FUNCTION saved.note_shape()"
)


class PutBack:
    """What stood in a database at first; how it comes back, and whether anything was written."""

    def __init__(self, live: psycopg.Connection) -> None:
        self.live = live
        self.live.execute(NOTES)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in self.live.execute(tables).fetchall():
            self._say(
                f'CREATE TABLE saved."{name}" AS TABLE public."{name}"',
                f'CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON public."{name}" '
                "FOR EACH ROW EXECUTE FUNCTION saved.note()",
                f'CREATE TRIGGER note_all AFTER TRUNCATE ON public."{name}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION saved.note()",
            )
        counters = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
        self.counters = ", ".join(
            f"setval('public.\"{name}\"', {last or 1}, {last is not None})"
            for name, last in self.live.execute(counters).fetchall()
        )
        self._say(NOTE_SHAPE)
        self.written: set[str] = set()

    def _say(self, *statements: str) -> None:
        for statement in statements:
            self.live.execute(cast(LiteralString, statement))

    def was_changed(self) -> bool:
        """Whether any row was written since this was asked last."""
        found = self.live.execute("DELETE FROM saved.written RETURNING name").fetchall()
        self.written |= {name for (name,) in found}
        return bool(found)

    def rows(self) -> bool:
        """Every row and counter as at first, whatever triggers and foreign keys say.

        False where the shape of a table was changed: such a database is of no more use.
        """
        self.was_changed()
        if "" in self.written:
            return False
        with self.live.transaction():
            self._say("SET LOCAL session_replication_role = replica", f"SELECT {self.counters}")
            for name in self.written:
                self._say(
                    f'DELETE FROM public."{name}"',
                    f'INSERT INTO public."{name}" SELECT * FROM saved."{name}"',
                )
        self.written.clear()
        return True
