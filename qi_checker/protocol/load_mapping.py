"""Read `mapping.yaml` and its lists of exam names; all errors are reported together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from qi_checker.errors import UserError
from qi_checker.protocol.catalogue import CodeLists
from qi_checker.protocol.checks.mapping import check_mapping, check_names, check_words_of
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.exam_names import ExamList, ExamNames, check_exam_names
from qi_checker.protocol.explain import build
from qi_checker.protocol.mapping import Mapping, SiteExamNames
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.yaml_read import read_document

EXAM_NAMES = "exam-names.yaml"


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping, the file it was read from, and the exam names in order of precedence."""

    mapping: Mapping
    file: Path
    exams: ExamList
    sha256: str


def load_mapping(path: str | Path, url: str = "") -> LoadedMapping:
    """Read a mapping and every list of exam names it uses. UserError with every problem found.

    `url` replaces the address of the database in the mapping.
    """
    file = Path(path)
    document = read_document(file)
    complaints = Complaints(document)
    data = complaints.mapping()
    if url:
        named = data.get("database")
        data["database"] = (named if isinstance(named, dict) else {}) | {"url": url}
    catalogue = vocabularies()
    mapping = build(Mapping, complaints, data)
    check_mapping(data, catalogue, complaints)
    problems = []
    lists: list[ExamNames] = []
    contents = [document.content]
    own = mapping.exam_names if mapping is not None else SiteExamNames()
    for listed in _lists(own, file):
        try:
            found, content = load_exam_names(listed, catalogue)
        except UserError as error:
            problems += error.problems
        else:
            lists.append(found)
            contents.append(content)
    check_names(data, [name for one in lists for name in one.words], complaints)
    problems += complaints.problems()
    if problems or mapping is None:
        raise UserError(problems)
    exams = ExamList.of([ExamNames(words=own.words, names=own.names), *lists])
    return LoadedMapping(mapping, file, exams, _sha256(contents))


def load_exam_names(file: Path, catalogue: Catalogue) -> tuple[ExamNames, bytes]:
    """Read a list of exam names. UserError with every problem found."""
    document = read_document(file)
    complaints = Complaints(document)
    data = complaints.mapping()
    names = build(ExamNames, complaints, data)
    check_words_of(data.get("names"), ("names",), catalogue, complaints)
    if names is not None:
        check_exam_names(data.get("names"), names.words, complaints, ("names",))
    complaints.raise_if_any()
    assert names is not None, "a model that was not built has complaints"
    return names, document.content


def vocabularies() -> Catalogue:
    """Return the words for modalities and regions that are shipped with the program."""
    return CodeLists([rules_dir() / "codelists"]).load(()).catalogue


def _lists(own: SiteExamNames, mapping: Path) -> list[Path]:
    """Return the files of exam names in order of precedence."""
    found = [mapping.parent / own.file] if own.file is not None else []
    return [*found, rules_dir() / EXAM_NAMES] if own.shipped == "use" else found


def _sha256(contents: list[bytes]) -> str:
    total = hashlib.sha256()
    for content in contents:
        total.update(f"{len(content)}\0".encode() + content)
    return total.hexdigest()
