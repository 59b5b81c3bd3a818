"""What is legal in a protocol, and still suspicious. Each rule is a function; its docstring says why.

`lint` looks at one protocol, `lint_rulebook` at a folder of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.catalogue import available_lists
from qi_checker.protocol.checks.parts import code_list_names, requirement_parts
from qi_checker.protocol.code_shapes import suspicious_codes
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.models import Exclusion, Requirement, Version
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_read import read_document

_LONG_SPAN = 366
# Lengths are compared by counting back from one day.
_SOME_DAY = date(2024, 3, 4)

Finding = tuple[Steps, str, str]  # where in the file, what is suspicious, and why


def lint(bundle: Bundle) -> list[Problem]:
    """What is suspicious in a protocol, version by version, and then in its code lists."""
    document = read_document(bundle.path)
    found: list[Finding] = []
    for i, version in enumerate(bundle.protocol.versions):
        path: Steps = ("versions", i)
        found += _population(version, path)
        found += _sensitivity(version, path)
        found += _waivers(version, path)
        parts = list(requirement_parts(document.data["versions"][i], path))
        leaves = list(zip((p for p, _ in parts), version.leaves, strict=True))
        found += _same_requirement(leaves)
        for inner, requirement in leaves:
            found += _requirement(requirement, inner)
    found += _empty_lists(bundle, document)
    problems = [Problem(document.where(path), what, why) for path, what, why in found]
    return [*problems, *suspicious_codes(bundle.catalogue)]


def lint_rulebook(rules_dir: str | Path) -> list[Problem]:
    """Errors and suspicions of every protocol of a folder, and of the folder itself.

    The folder holds one folder per protocol and `codelists`.
    """
    folder = Path(rules_dir)
    problems: list[Problem] = []
    bundles: list[Bundle] = []
    for file in sorted(folder.glob("*/protocol.yaml")):
        try:
            bundle = load_protocol(file)
        except UserError as error:
            problems += error.problems
            continue
        bundles.append(bundle)
        problems += lint(bundle)
        problems += _folder(bundle)
    problems += _same_id(bundles)
    return [*problems, *_unused_lists(folder)]


def _population(version: Version, path: Steps) -> Iterator[Finding]:
    """An exclusion that repeats the population leaves nobody; one that repeats another, nothing."""
    seen: list[Exclusion] = []
    for n, exclusion in enumerate(version.exclude):
        where = (*path, "exclude", n, "when")
        if exclusion.when == version.applies_to:
            yield where, "this exclusion repeats applies_to", "No case would be left"
        same = next((x for x in seen if x.when == exclusion.when), None)
        if same is not None:
            yield where, f"this exclusion repeats `{same.id}`", "It can never be the first to hold"
        seen.append(exclusion)


def _sensitivity(version: Version, path: Steps) -> Iterator[Finding]:
    """The window itself among the sensitivity windows shows that both ways of counting agree."""
    texts = [str(length) for length in version.sensitivity]
    for n, text in enumerate(texts):
        if text in texts[:n]:
            yield (*path, "sensitivity", n), f"{text} is listed twice", ""
    limits = {str(r.window.at_most) for r in version.leaves if r.window.at_most}
    if texts and limits and not limits & set(texts):
        why = "Beside it, the other windows are easier to judge"
        yield (*path, "sensitivity"), f"{' and '.join(sorted(limits))} itself is not listed", why


def _waivers(version: Version, path: Steps) -> Iterator[Finding]:
    """An exception that may last for years is a change of the protocol that nobody decided."""
    policy = version.exceptions
    if policy is None:
        return
    where = (*path, "exceptions")
    for n, reason in enumerate(policy.reasons):
        if reason in policy.reasons[:n]:
            yield (*where, "reasons", n), f"the reason {reason} is listed twice", ""
    if policy.at_most is None:
        yield where, "exceptions may last for ever", "Give them at_most"
    elif (_SOME_DAY - policy.at_most.before(_SOME_DAY)).days > _LONG_SPAN:
        yield (*where, "at_most"), "exceptions may last for more than a year", ""


def _same_requirement(leaves: list[tuple[Steps, Requirement]]) -> Iterator[Finding]:
    """Two requirements for the same event are fulfilled by one scan, and count it twice."""
    for n, (path, requirement) in enumerate(leaves):
        for _, other in leaves[:n]:
            if (requirement.event, requirement.window) == (other.event, other.window):
                what = f"this requirement asks for the same as `{other.id}`"
                yield (*path, "event"), what, "One event fulfils both"


def _requirement(requirement: Requirement, path: Steps) -> Iterator[Finding]:
    """Limits that are missing or never matter."""
    event, window = requirement.event, requirement.window
    if event.kind == "imaging" and not event.region and not event.codes:
        why = "A scan of the head would count; give a region or codes"
        yield (*path, "event"), "the region is left open", why
    opens = window.opens(_SOME_DAY)
    if opens is None:
        yield (*path, "window"), "the window has no limit", "An event of any age counts"
    elif requirement.lead_time is not None:
        # A working week has five days; holidays only make it worse.
        needed = timedelta(days=requirement.lead_time.amount * 7 // 5)
        if _SOME_DAY - needed < opens:
            what = f"{requirement.lead_time} are longer than the window"
            yield (*path, "lead_time"), what, "It would have to be arranged before the window opens"
    if requirement.same_day == "allow":
        why = "An event of the same day may have been after the operation"
        yield (*path, "same_day"), "events of the day of surgery count without a clock time", why
    for n, advice in enumerate(requirement.warn):
        if any(advice.when == other.when for other in requirement.warn[:n]):
            yield (*path, "warn", n, "when"), f"`{advice.id}` repeats another advice's when", ""


def _empty_lists(bundle: Bundle, document: Document) -> Iterator[Finding]:
    """An empty code list matches nothing: a population without cases, a rule without events."""
    for path, name in code_list_names(document.data):
        if not bundle.catalogue.lists[name].rows:
            yield path, f"the code list `{name}` is empty", "It matches nothing"


def _folder(bundle: Bundle) -> Iterator[Problem]:
    """A protocol is found by its folder and named by its id; examples show what it means."""
    folder, name = bundle.path.parent, bundle.protocol.id
    if folder.resolve().name != name:
        yield Problem(str(bundle.path), f"the folder is not called {name}, which is the id")
    if not (folder / "examples.yaml").is_file():
        yield Problem(
            str(folder), "has no examples.yaml", "Nothing shows that it does what it says"
        )


def _same_id(bundles: Iterable[Bundle]) -> Iterator[Problem]:
    """Results are kept under the id of the protocol."""
    seen: dict[str, Path] = {}
    for bundle in bundles:
        first = seen.setdefault(bundle.protocol.id, bundle.path)
        if first != bundle.path:
            what = f"the id {bundle.protocol.id} is that of {first}, too"
            yield Problem(str(bundle.path), what, "Their results could not be told apart")


def _unused_lists(folder: Path) -> Iterator[Problem]:
    """A code list that no protocol names was forgotten, or a protocol names another by mistake."""
    used: set[str] = set()
    for file in folder.glob("*/protocol.yaml"):
        try:
            used |= {name for _, name in code_list_names(read_document(file).data)}
        except UserError:
            continue  # told as an error of that protocol
    codelists = folder / "codelists"
    for name in available_lists([codelists]):
        if name not in used:
            yield Problem(str(codelists / f"{name}.csv"), "no protocol uses this code list")
