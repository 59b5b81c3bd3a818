"""Count patients and their events: whether ids and dates of both tables belong together."""

from __future__ import annotations

from qi_checker.plausibility.measures import (
    Patients,
)
from qi_checker.plausibility.sample import NEAR, Sample

# Letters of other alphabets, and wide ones, that look like these; escaped to be visible.
_ALIKE = (
    (
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
        "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"
    ),
    "ABEKMHOPCTYXIJSABEZHIKMNOPTYX0123456789",
)


def patients(sample: Sample) -> Patients:
    """Count what both tables say about the same patients."""
    days = sample.db.days("c.anchor", "e.lo")

    def turned(day: str) -> str:
        number = f"extract(day FROM {day})"
        return f"{number} <= 12 AND {number} <> extract(month FROM {day})"

    def turns(day: str) -> str:
        return f"count(*) FILTER (WHERE {turned(day)})"

    def near(also: str) -> str:
        return f"count(*) FILTER (WHERE {also} AND {days} BETWEEN 0 AND {NEAR})"

    lost = """SELECT DISTINCT c.patient_id FROM look_cases c WHERE NOT EXISTS
              (SELECT 1 FROM look_events e WHERE e.patient_id = c.patient_id)"""
    row = sample.db.row(f"""
        SELECT (SELECT count(*) FROM ({lost}) l),
               (SELECT count(DISTINCT patient_id) FROM look_cases),
               (SELECT count(*) FROM look_cases WHERE case_id IN
                   (SELECT patient_id FROM look_events)),
               p.pairs, p.near, p.event_turns, p.event_turns_near, p.case_turns,
               p.case_turns_near, m.most, m.patients, d.most, d.days, s.same
        FROM (SELECT count(*) AS pairs, {near("true")} AS near,
                     {turns("e.lo")} AS event_turns, {near(turned("e.lo"))} AS event_turns_near,
                     {turns("c.anchor")} AS case_turns,
                     {near(turned("c.anchor"))} AS case_turns_near
              FROM look_cases c JOIN look_events e ON e.patient_id = c.patient_id
              WHERE e.done) p,
             (SELECT max(n) AS most, count(*) AS patients FROM (SELECT count(*) AS n FROM look_events
                                          GROUP BY patient_id) x) m,
             (SELECT max(n) AS most, count(*) AS days
              FROM (SELECT count(*) AS n FROM look_events
                    WHERE done AND lo = hi AND lo <= {sample.today} GROUP BY lo) x) d,
             (SELECT coalesce(sum(n - 1), 0) AS same
              FROM (SELECT count(*) AS n FROM look_cases WHERE status <> 'cancelled'
                    GROUP BY patient_id, anchor HAVING count(*) > 1) x) s""")
    lost_patients, all_patients, own_ids, *others = (int(value or 0) for value in row)
    return Patients(lost_patients, all_patients, *_spelt_otherwise(sample), own_ids, *others)


def _spelt_otherwise(sample: Sample) -> tuple[int, int, int]:
    """Count patients with an operation who have events under another spelling of their id.

    A patient with a differently spelt id falls into another sample: if one in n patients is
    sampled, one in n of these is found, too.
    """
    owners = "SELECT DISTINCT patient_id FROM look_cases"
    strange = """SELECT DISTINCT e.patient_id FROM look_events e WHERE NOT EXISTS
                 (SELECT 1 FROM ready_cases c WHERE c.patient_id = e.patient_id)"""
    sample.db.table("look_strange", _keys(sample, strange))
    (strangers,) = sample.db.row("SELECT count(*) FROM look_strange")
    if not strangers:
        return 0, 0, 0
    sample.db.table("look_owners", _keys(sample, owners))
    whole, digits = sample.db.row("""
        SELECT (SELECT count(*) FROM look_owners
                WHERE whole IN (SELECT whole FROM look_strange)),
               (SELECT count(*) FROM look_owners o
                WHERE length(digits) >= 3 AND digits IN (SELECT digits FROM look_strange)
                      AND NOT EXISTS (SELECT 1 FROM look_events e
                                      WHERE e.patient_id = o.patient_id))""")
    return int(whole) * sample.one_in, int(digits) * sample.one_in, int(strangers)


def _keys(sample: Sample, ids: str) -> str:
    """Return the SQL of ids, and of ids without zeros, separators and case."""
    db = sample.db
    alike = f"translate(upper(patient_id), '{_ALIKE[0]}', '{_ALIKE[1]}')"
    plain = db.replace(alike, "[.]0+$", "")
    digits = f"trim(LEADING '0' FROM {db.without('plain', '[^0-9]')})"
    letters = db.without("plain", "[^A-Z]")
    return (
        f"SELECT patient_id, {letters} || '|' || {digits} AS whole, {digits} AS digits "
        f"FROM (SELECT patient_id, {plain} AS plain FROM ({ids}) i) p"
    )
