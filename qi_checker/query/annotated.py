"""Add comments inside a query: the requirement of a branch, and the meaning of a number."""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.models import Protocol, Requirement, Version
from qi_checker.protocol.vocabulary import Reason
from qi_checker.protocol.words import condition_words, event_words, titles_of, window_words
from qi_checker.query.scope import REASONS, Scope
from qi_checker.query.sql import Expr

_REQUIREMENT = ("requirement", "number")
_REASON = ("reason", "first_reason", "found_reason", "window_reason")


def one_line(text: str) -> str:
    """Make text safe inside a comment, so that it cannot end it; it may begin with blanks."""
    lead = text[: len(text) - len(text.lstrip(" "))]
    return lead + " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *")


def annotate(query: exp.Query, scope: Scope | None, protocol: Protocol) -> None:
    """Add a comment to every branch, in place."""
    if scope is None:
        _population(query, protocol)
        return
    for step in query.find_all(exp.CTE):
        for node in step.find_all(exp.EQ, exp.Alias):
            _requirement(node, step.alias, scope)
            _reason(node)


def _say(node: Expr, text: str) -> None:
    if not node.comments:
        node.add_comments([f" {one_line(text)} "])


def _number(node: Expr) -> int | None:
    plain = isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()
    return int(node.name) if plain else None


def _requirement(node: Expr, step: str, scope: Scope) -> None:
    """Annotate `"requirement" = 0`, and rows that start with the number of their requirement."""
    if isinstance(node, exp.EQ) and isinstance(node.this, exp.Column):
        name, value = node.this.name, node.expression
    elif isinstance(node, exp.Alias):
        name, value = node.alias, node.this
    else:
        return
    number = _number(value)
    if step.startswith("requirements"):
        return  # the step's heading lists the sentences
    if name in _REQUIREMENT and number is not None and number < len(scope.questions):
        _say(value, _clause(scope.questions[number], step, scope.version))


def _clause(leaf: Requirement, step: str, version: Version) -> str:
    """Return the wording of the clause that a step decides: the event, the window, or all of it."""
    titles = titles_of(version)
    if step.startswith("profile_criteria"):
        return f"{leaf.title}: {event_words(leaf.event, titles)}"
    if step.startswith(("pairs", "joined", "readable_doubts")):
        return f"{leaf.title}: {window_words(leaf.window, titles)}"
    return leaf.title


def _reason(node: Expr) -> None:
    """Annotate reasons, which are numbers until the end, with their names."""
    if isinstance(node, exp.EQ) and isinstance(node.this, exp.Column):
        when_true = node.parent.args.get("true") if isinstance(node.parent, exp.If) else None
        if node.this.name in _REASON and not (when_true is not None and when_true.is_string):
            _name_reason(node.expression)
    elif isinstance(node, exp.Alias) and node.alias in _REASON:
        for branch in node.find_all(exp.Case):
            for value in (
                *(i.args["true"] for i in branch.args["ifs"]),
                branch.args.get("default"),
            ):
                _name_reason(value)


def _name_reason(value: Expr | None) -> None:
    number = _number(value) if value is not None else None
    if value is not None and number is not None and number < len(REASONS):
        _say(value, REASONS[number].value)


def _population(query: exp.Query, protocol: Protocol) -> None:
    """Annotate every exclusion with its title and condition, and describe the population."""
    for branch in query.find_all(exp.If):
        number = _number(branch.this.expression) if isinstance(branch.this, exp.EQ) else None
        inner = branch.args["true"]
        if number is None or not isinstance(inner, exp.Case) or number >= len(protocol.versions):
            continue
        version = protocol.versions[number]
        titles = titles_of(version)
        left_out = iter(version.exclude)
        for rule in inner.args["ifs"]:
            word = rule.args["true"]
            if word.name == Reason.NOT_IN_POPULATION.value:
                _say(word, f"unless {condition_words(version.applies_to, titles)}")
            elif word.name == Reason.EXCLUDED.value:
                exclusion = next(left_out)
                _say(word, f"{exclusion.title}: {condition_words(exclusion.when, titles)}")
