"""Putting tests together hides nothing: each question gets from its batch what it gets alone."""

from __future__ import annotations

import pytest

from tests.helpers.batches import Batched, Plan, Question, differences
from tests.helpers.engines import Engine, on_duckdb, without_pages

ALONE = 30
# `numbers` are of the whole report, which is why questions about them are alone in every run.
PARTS = ("findings", "cases", "rejects", "ignored")


@pytest.fixture
def together(plan: Plan) -> list[Question]:
    """Every question that is evaluated together with others."""
    found = [q for batch in plan.batches for q in batch.questions.values() if plan.size(q) > 1]
    if not found:
        pytest.skip("no other test of tests/spec is run")
    return sorted(found, key=lambda question: question.key)


def test_a_batch_says_of_a_question_what_it_says_alone(
    plan: Plan, together: list[Question]
) -> None:
    """On the reference, in every part that its tests read."""
    batched = Batched(plan, without_pages)
    for question in together:
        right = question.ask(without_pages)
        assert not differences(right, question.ask(batched), question.read), question.key


def test_questions_that_are_evaluated_alone(together: list[Question]) -> None:
    """Thirty of those that are put together, as the program evaluates them: one protocol, few rows."""
    for question in together[:: len(together) // ALONE + 1]:
        right = question.ask(without_pages)
        assert not differences(right, question.ask(on_duckdb), PARTS), question.key


@pytest.mark.thorough
def test_every_question_alone(together: list[Question]) -> None:
    for question in together:
        right = question.ask(without_pages)
        assert not differences(right, question.ask(on_duckdb), PARTS), question.key


@pytest.mark.thorough
def test_every_question_alone_in_postgresql(together: list[Question], in_postgres: Engine) -> None:
    for question in together:
        right = question.ask(without_pages)
        assert not differences(right, question.ask(in_postgres), PARTS), question.key
