"""Names of files that every system takes, whatever a case or a protocol is called."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from qi_checker.audit.folder import page_name
from qi_checker.errors import UserError
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import is_device
from tests.helpers.nights import small_protocol

DEVICES = ("CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "LPT9", "CONIN$", "CONOUT$")
# What may stand before and after, so that Windows takes the name for a device all the same, or not.
AROUND = ("{}", "{}.1", "{}.x.y", "{} ", "{}.", "{} .x", "x{}", "{}x", "{}_1", ".{}", "{}-1")
RESERVED = {device.rstrip("$") for device in DEVICES} | set(DEVICES)


def reserved(name: str) -> bool:
    """Microsoft, Naming Files, Paths, and Namespaces: also with any ending, blanks left out."""
    return name.split(".")[0].rstrip(" ").upper() in RESERVED or name[-1:] in (" ", ".")


def test_no_page_has_the_name_of_a_device() -> None:
    ids = [
        shape.format(device)
        for device, shape in product((*DEVICES, *map(str.lower, DEVICES), "Aux", "nUl"), AROUND)
    ]
    names = [page_name(case_id) for case_id in ids]
    assert [name for name in names if reserved(name)] == []
    assert len({name.lower() for name in names}) == len(set(ids))
    assert all(len(page_name(case_id * 40, "pdf")) < 120 for case_id in ids)


@pytest.mark.parametrize(
    ("name", "device"),
    [("aux", True), ("Con.html", True), ("nul .txt", True), ("auxiliary", False), ("a.con", False)],
)
def test_a_device_is_known_by_what_stands_before_the_first_dot(name: str, device: bool) -> None:
    assert is_device(name) is device


def test_a_protocol_is_not_called_like_a_device(tmp_path: Path) -> None:
    """Its id is the name of a folder in the reports."""
    file = tmp_path / small_protocol(tmp_path) / "protocol.yaml"
    text = file.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith("id: "))
    file.write_text(text.replace(first, "id: aux"), encoding="utf-8")
    with pytest.raises(UserError, match="aux is the name of a device on Windows"):
        load_protocol(file)
