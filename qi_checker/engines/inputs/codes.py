"""Code lists and imaging codes as small tables, matched with each text of codes.

Texts of codes repeat: a million events share a few hundred. Each distinct text is split once, and
everything else joins on the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.engines.inputs.database import BLANKS, Database, Kind
from qi_checker.protocol.codes import DOTLESS, PUNCTUATION, SYSTEM_ALIASES, Catalogue
from qi_checker.query.tables import CODE_TEXTS, NEVER_TEXTS


def _system_and_code(db: Database, item: str) -> tuple[str, str]:
    """Return the SQL of canonical system and code of `SYSTEM:CODE` (protocol/codes.py in SQL)."""
    system = db.trim(db.part(item, "^(.*):[^:]*$"))
    return (
        f"lower(trim(TRAILING '/' FROM {system}))",
        f"upper({db.trim(db.part(item, '^.*:([^:]*)$'))})",
    )


def take_apart(db: Database, texts: str, catalogue: Catalogue) -> None:
    """Make the tables `code_items` (text, system, code) and `code_texts` from `texts`.

    `texts` is a query of one column `text`.
    """
    db.fill("system_aliases", {"alias": "TEXT", "name": "TEXT"}, SYSTEM_ALIASES.items())
    system, code = _system_and_code(db, "item")
    dotless = ", ".join(db.text(s) for s in sorted(DOTLESS))
    bare = db.without("code", f"[{PUNCTUATION.replace('-', '')}-]")
    db.table(
        "code_items",
        f"""
        WITH items AS (SELECT text, {db.pieces("text")} AS item FROM ({texts}) t),
        parts AS (SELECT text, {system} AS alias, {code} AS code FROM items),
        named AS (SELECT text, coalesce(name, upper(alias)) AS system, code
                  FROM parts LEFT JOIN system_aliases USING (alias)
                  WHERE alias <> '' AND code <> '')
        SELECT DISTINCT text, system,
               CASE WHEN system IN ({dotless}) THEN {bare} ELSE code END AS code FROM named""",
    )
    members = [
        (name, row.system, row.code) for name, one in catalogue.lists.items() for row in one.rows
    ]
    db.fill("list_items", {"list": "TEXT", "system": "TEXT", "code": "TEXT"}, members)
    db.table(
        CODE_TEXTS,
        f"""
        SELECT DISTINCT c.text, l.list FROM code_items c JOIN list_items l ON c.system = l.system
        WHERE {_matches(db, "c.code", "l.code")}""",
    )


def _matches(db: Database, code: str, entry: str) -> str:
    """Return the SQL of a match; an entry that ends with `*` covers all codes with that prefix."""
    begin = f"trim(TRAILING '*' FROM {entry})"
    starred = f"{entry} LIKE '%*' AND {db.starts(code, begin)}"
    return f"({code} = {entry} OR ({starred}))"


def imaging_facts(db: Database, catalogue: Catalogue) -> None:
    """Make the facts from the codes of each text: modalities, regions, never, warns."""
    rows = [(c.system, c.code, c.role) for c in catalogue.imaging]
    db.fill("imaging_items", {"system": "TEXT", "code": "TEXT", "role": "TEXT"}, rows)
    said = [
        (c.system, c.code, kind, word)
        for c in catalogue.imaging
        for kind, words in (("modality", c.modality.upper()), ("region", c.region.lower()))
        for word in _split(words)
    ]
    columns: dict[str, Kind] = dict.fromkeys(("system", "code", "kind", "word"), "TEXT")
    db.fill("imaging_words", columns, said)
    db.table(
        "imaging_facts",
        f"""
        WITH roles AS (
            SELECT c.text, bool_or(i.role = 'never') AS never, bool_or(i.role = 'warns') AS warns
            FROM code_items c JOIN imaging_items i ON c.system = i.system
            WHERE {_matches(db, "c.code", "i.code")} GROUP BY c.text),
        words AS (
            SELECT c.text, {db.set_of("i.word", "i.kind = 'modality'")} AS modalities,
                   {db.set_of("i.word", "i.kind = 'region'")} AS regions
            FROM code_items c JOIN imaging_words i ON c.system = i.system
            WHERE {_matches(db, "c.code", "i.code")} GROUP BY c.text)
        SELECT r.text, r.never, r.warns, w.modalities, w.regions
        FROM roles r LEFT JOIN words w ON w.text = r.text""",
    )


def _split(words: str) -> list[str]:
    return [word for piece in words.split(";") if (word := piece.strip(BLANKS))]


def never_texts(db: Database, lists: Sequence[str]) -> None:
    """Make table `never_texts`: texts that contain a code of role never outside a code list."""
    db.fill("allowing", {"list": "TEXT"}, [(name,) for name in lists])
    db.table(
        NEVER_TEXTS,
        f"""
        SELECT DISTINCT c.text, a.list
        FROM code_items c JOIN imaging_items i ON c.system = i.system CROSS JOIN allowing a
        WHERE i.role = 'never' AND {_matches(db, "c.code", "i.code")} AND NOT EXISTS (
            SELECT 1 FROM list_items l
            WHERE l.list = a.list AND l.system = c.system
            AND {_matches(db, "c.code", "l.code")})""",
    )
