"""The limits of the checks in site.yaml: strict, with the line of each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.load import load_site
from qi_checker.protocol.plausible import CHECKS, OFF, Level, Limits
from qi_checker.protocol.plausible_settings import read_settings
from qi_checker.protocol.site import Site


def site(folder: Path, text: str) -> Site:
    file = folder / "site.yaml"
    file.write_text(f"timezone: UTC\n{text}", encoding="utf-8")
    return load_site(file)


@pytest.mark.parametrize(
    ("text", "check", "limits"),
    [
        ("", "rejected", Limits(0.05, 0.30)),
        ("plausibility: {rejected: 8%}", "rejected", Limits(0.08, 0.30)),
        ("plausibility: {rejected: 8 %}", "rejected", Limits(0.08, 0.30)),
        ("plausibility: {rejected: 50%}", "rejected", Limits(0.50, 0.50)),
        ("plausibility: {rejected: {refuse: 90%}}", "rejected", Limits(0.05, 0.90)),
        ("plausibility: {rejected: {warn: 1%, refuse: off}}", "rejected", Limits(0.01, None)),
        ("plausibility: {rejected: off}", "rejected", OFF),
        ("plausibility: off", "rejected", OFF),
        ("plausibility: {newest_event: 21}", "newest_event", Limits(21, 60)),
        ("plausibility: {rejected: 8%}", "torn", CHECKS["torn"].default),
    ],
)
def test_limits(tmp_path, text, check, limits):
    assert site(tmp_path, text).checks.of(check) == limits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plausibility: {rejectd: 8%}", "2:16: `rejectd` is not a check of plausibility. Did you"),
        ("plausibility: {rejected: 8}", "2:26: `8` is not a percentage. Write it with its sign"),
        ("plausibility: {rejected: 800%}", "2:26: `800%` is not a percentage"),
        ("plausibility: {newest_event: 3%}", "2:30: `3%` is not a number. Write it in digits"),
        ("plausibility: {newest_event: -3}", "is not a number"),
        ("plausibility: {torn: {wran: 8%}}", "`wran` is not a key of a check. Did you mean warn?"),
        ("plausibility: on", "is neither off nor a set of checks"),
        ("plausibility: [rejected]", "is neither off nor a set of checks"),
    ],
)
def test_mistakes(tmp_path, text, said):
    with pytest.raises(UserError) as error:
        site(tmp_path, text)
    assert said in str(error.value)


def test_every_mistake_is_told_at_once(tmp_path):
    with pytest.raises(UserError) as error:
        site(tmp_path, "plausibility: {rejectd: 8%, torn: 3, night: off}")
    assert len(error.value.problems) == 2


def test_settings_in_python_are_as_strict():
    with pytest.raises(UserError, match="Did you mean rejected"):
        Site(timezone="UTC", plausibility={"rejectd": "8%"}).checks  # noqa: B018


def test_a_value_at_a_limit_is_still_well():
    limits = Limits(0.05, 0.30)
    levels = [limits.level(value) for value in (0.0, 0.05, 0.051, 0.30, 0.31)]
    assert levels == [None, None, Level.WARN, Level.WARN, Level.REFUSE]


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_every_check_has_words_and_limits_in_order(check):
    """What it sees and what to do stand in messages and in the documentation."""
    assert check.sees and check.do and not check.do.endswith(".")
    warn, refuse = check.default.warn, check.default.refuse
    assert (warn, refuse) != (None, None)
    if check.name != "timing" and None not in (warn, refuse):
        assert warn < refuse


def test_off_is_read_as_yaml_reads_it():
    settings, wrong = read_settings(False)
    assert (settings.on, wrong) == (False, [])


@pytest.mark.parametrize("word", ["off", '"off"', "no"])
def test_off_may_be_in_quotes(word: str, tmp_path: Path) -> None:
    assert not site(tmp_path, f"plausibility: {word}").checks.on


def test_off_is_a_word_in_the_python_api() -> None:
    settings, wrong = read_settings("off")
    assert not settings.on and not wrong
