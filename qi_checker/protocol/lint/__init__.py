"""Find what is valid in a protocol but suspicious. Each rule is a function; its docstring says why.

`lint` checks one protocol, `lint_rulebook` a folder of them.
"""

from __future__ import annotations

from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.checks.parts import requirement_parts
from qi_checker.protocol.code_shapes import suspicious_codes
from qi_checker.protocol.lint.rulebook import lint_folder, same_id, unused_lists
from qi_checker.protocol.lint.rules import (
    Finding,
    empty_lists,
    lint_requirement,
    lint_version,
    lint_windows,
    misspelt_columns,
    renamed,
    silent_feeds,
    unsourced_lists,
    unused_titles,
    vetoed,
)
from qi_checker.protocol.load import Loaded, read_rulebook
from qi_checker.protocol.site import Site
from qi_checker.protocol.yaml_nodes import Steps
from qi_checker.protocol.yaml_read import read_document


def lint(bundle: Bundle, site: Site | None = None) -> list[Problem]:
    """Return what is suspicious in a protocol, in file order, and then in its code lists.

    With a site's settings, these are checked too.
    """
    return _lint(Loaded(bundle, read_document(bundle.path)), site)


def lint_rulebook(rules_dir: str | Path) -> list[Problem]:
    """Return errors and suspicions of every protocol in a folder, and of the folder itself.

    The folder contains one folder per protocol and `codelists`.
    """
    folder = Path(rules_dir)
    try:
        found, problems = read_rulebook(folder)
    except UserError as error:
        return error.problems
    return list(dict.fromkeys([*problems, *lint_loaded(folder, found)]))


def lint_loaded(folder: Path, found: list[Loaded], site: Site | None = None) -> list[Problem]:
    """Return suspicions about the protocols that could be read, and about their folder."""
    problems: list[Problem] = []
    for loaded in found:
        problems += _lint(loaded, site)
        problems += lint_folder(loaded.bundle)
    problems += same_id([loaded.bundle for loaded in found])
    problems += unused_lists(folder, found)
    return list(dict.fromkeys(problems))  # a code list once, however many protocols name it


def _lint(loaded: Loaded, site: Site | None) -> list[Problem]:
    bundle, document = loaded.bundle, loaded.document
    data, versions = document.data, bundle.protocol.versions
    found: list[Finding] = []
    for n, version in enumerate(versions):
        path: Steps = ("versions", n)
        parts = requirement_parts(data["versions"][n], path)
        leaves = [(p, r) for (p, _), r in zip(parts, version.leaves, strict=True)]
        found += lint_version(version, path, leaves)
        found += renamed(versions[n - 1], leaves) if n else ()
        for inner, requirement in leaves:
            found += lint_requirement(requirement, inner)
            found += lint_windows(requirement, inner)
            found += vetoed(requirement, inner, bundle.catalogue)
            found += silent_feeds(requirement, inner, site) if site else ()
    found += misspelt_columns(data)
    found += unused_titles(data)
    found += empty_lists(bundle.catalogue, data)
    found += unsourced_lists(bundle.catalogue, data)
    problems = [Problem(document.where(path), what, why) for path, what, why in found]
    problems.sort(key=lambda p: tuple(map(int, p.where.rsplit(":", 2)[1:])))
    return [*problems, *suspicious_codes(bundle.catalogue)]
