"""When one code list has everything that a row of another stands for."""

from __future__ import annotations

import pytest

from qi_checker.protocol.codes import CodeList, CodeRow

LIST = CodeList("list", tuple(CodeRow("X", code) for code in ("A1*", "B2", "C")))


@pytest.mark.parametrize(
    ("code", "covered"),
    [
        ("A1", True),
        ("A12", True),
        ("A1*", True),
        ("A12*", True),
        ("A*", False),
        ("B2", True),
        ("B2*", False),
        ("B", False),
        ("C*", False),
    ],
)
def test_a_row_that_ends_with_a_star_needs_one_that_does(code: str, covered: bool) -> None:
    assert LIST.covers("X", code) is covered
    assert not LIST.covers("Y", code)
