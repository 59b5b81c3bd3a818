"""Triggers that refuse to change or remove an entry of the audit trail.

Only while a permit exists, which the program writes and removes in the same transaction, may the
payload of an entry be erased or its oldest entries be removed (docs/store.md).
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

_REFUSED = "the audit trail is append-only"
_PERMIT = "EXISTS (SELECT 1 FROM qi_store_trailpermit)"
# Every column except the payload is unchanged, and the payload may only become NULL.
_ERASES = " AND ".join(
    ["NEW.payload IS NULL"]
    + [
        f"NEW.{name} = OLD.{name}"
        for name in ("sequence", "at", "actor", "action", "payload_sha256", "previous", "hash")
    ]
)

SQLITE = (
    f"""CREATE TRIGGER qi_trail_update BEFORE UPDATE ON qi_store_trailentry
        WHEN NOT ({_PERMIT} AND {_ERASES})
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
    f"""CREATE TRIGGER qi_trail_delete BEFORE DELETE ON qi_store_trailentry
        WHEN NOT {_PERMIT}
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION qi_trail_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF {_PERMIT} AND {_ERASES} THEN RETURN NEW; END IF;
            ELSIF TG_OP = 'DELETE' THEN
                IF {_PERMIT} THEN RETURN OLD; END IF;
            END IF;
            RAISE EXCEPTION '{_REFUSED}';
        END $$""",
    """CREATE TRIGGER qi_trail_update BEFORE UPDATE OR DELETE ON qi_store_trailentry
       FOR EACH ROW EXECUTE FUNCTION qi_trail_refuses()""",
    """CREATE TRIGGER qi_trail_truncate BEFORE TRUNCATE ON qi_store_trailentry
       FOR EACH STATEMENT EXECUTE FUNCTION qi_trail_refuses()""",
)


def guard(apps: Any, editor: Any) -> None:
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0001_initial"),)

    operations = (migrations.RunPython(guard, migrations.RunPython.noop),)
