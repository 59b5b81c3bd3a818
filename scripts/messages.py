"""Messages for translators: `python -m scripts.messages` brings locale/*.po up to date.

Messages come from the program, the templates, and the words of the vocabulary, which are translated
where they are shown. Existing translations stay; new messages have none, and a test reports them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from qi_checker.protocol.records import IOUS
from qi_checker.protocol.vocabulary import EVENT_STATUSES, URGENCIES, Reason, Status, Verdict
from qi_checker.render.words import label

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "qi_checker" / "web" / "locale"
_PLACES = (
    (ROOT / "qi_checker" / "web", [("**.py", "python")]),
    (ROOT / "reports" / "templates" / "web", [("**.j2", "jinja2")]),
)
_KEYWORDS = {"gettext": None, "ngettext": (1, 2), "_": None, "N_": None}
_OPTIONS = {
    "**.j2": {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true"}
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]")
Message = str | tuple[str, str]


def messages() -> dict[Message, list[str]]:
    """Return every message, and the files that contain it."""
    places: dict[Message, list[str]] = {}
    for folder, methods in _PLACES:
        every = extract_from_dir(str(folder), methods, _OPTIONS, keywords=_KEYWORDS)
        for name, _, message, _, _ in every:
            key: Message = tuple(message) if isinstance(message, tuple | list) else message
            place = (folder / name).relative_to(ROOT).as_posix()
            if key:
                places.setdefault(key, []).append(place)
    for word in vocabulary():
        places.setdefault(word, []).append("qi_checker/protocol/vocabulary.py")
    return places


def vocabulary() -> Iterator[str]:
    """Yield the words of the protocols' vocabulary as pages show them."""
    yield from (label(word) for word in (*Verdict, *Status))
    yield from (reason.meaning for reason in Reason)
    yield from (word for word in (*EVENT_STATUSES, *URGENCIES, "performed", "scheduled"))
    for column in IOUS.columns:
        yield from (word.replace("_", " ") for word in column.words if column.kind == "words")
    yield from ("ok", "stale", "half_empty", "unknown", "running", "done", "failed")
    yield from ("case", "schedule", "findings", "evidence", "protocol", "the sign-off itself")
    yield from ("requested after surgery", "dated before an earlier step: a clock was wrong")


def update(language: str) -> list[str]:
    """Rewrite the file of a language; return the messages without a translation."""
    file = LOCALE / f"{language}.po"
    held = Catalog(locale=language)
    if file.is_file():
        with file.open("rb") as text:
            held = read_po(text, locale=language)
    made = Catalog(locale=language)
    made.mime_headers = [("Plural-Forms", _PLURALS)]
    missing = []
    for message, places in sorted(messages().items(), key=lambda pair: str(pair[0])):
        one = message[0] if isinstance(message, tuple) else message
        there = held.get(one)
        translation = there.string if there is not None else ""
        if isinstance(message, tuple) and not isinstance(translation, tuple | list):
            translation = ("", "")
        made.add(message, translation, locations=[(p, 0) for p in sorted(set(places))])
        if not all(translation if isinstance(translation, tuple | list) else [translation]):
            missing.append(one)
    body = io.BytesIO()
    write_po(body, made, width=100, include_lineno=False, omit_header=True)
    file.write_bytes(_HEADER.encode() + body.getvalue())
    return missing


_PLURALS = "nplurals=2; plural=(n > 1);"
_HEADER = f"""\
# French messages of the web application of qi-checker. No native reader has reviewed them yet.
# `python -m scripts.messages` brings the file up to date with the program.
msgid ""
msgstr ""
"Language: fr\\n"
"Plural-Forms: {_PLURALS}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def main() -> None:
    """Bring every language up to date."""
    LOCALE.mkdir(exist_ok=True)
    for language in ("fr",):
        missing = update(language)
        print(f"{language}: {len(missing)} of {len(messages())} messages have no translation.")
        for text in missing:
            print(f"  {text}")


if __name__ == "__main__":
    main()
