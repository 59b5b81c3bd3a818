"""`serve --demo --folder`: made once, then served as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.cli import serving
from qi_checker.demo.ward import LAST, write_settings
from qi_checker.errors import UserError
from tests.helpers.web import copied


def test_a_hospital_that_is_there_is_served_as_it_is(ward: Path, tmp_path: Path) -> None:
    """Its nights are not run again; only the port is another one."""
    folder = copied(ward, tmp_path / "site").parent
    write_settings(folder, 8401)
    status, store = folder / "state" / "status.json", folder / "state" / "store.sqlite3"
    before = [file.stat().st_mtime_ns for file in (status, store)]
    assert LAST in status.read_text("utf-8")
    config = serving._demo_hospital(folder, 8402)
    assert [file.stat().st_mtime_ns for file in (status, store)] == before
    assert "http://localhost:8402" in config.read_text("utf-8")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nightly.yaml").write_text("site: site.yaml\n", encoding="utf-8")
    with pytest.raises(UserError, match="not empty"):
        serving._demo_hospital(tmp_path, 8400)
    assert (tmp_path / "nightly.yaml").read_text("utf-8") == "site: site.yaml\n"
