"""Every folder of tests/bad_input/records, read and evaluated.

`expect.yaml` in each says what has to happen: `error` are parts of the message that stops the run
(and `never` what it may not hold); else `rows` are the rows read and used per table, `rejects` the
rows that are not used, and `notes` parts of what is remarked. Tables that a folder does not have
come from `good`, except where it stands `alone`. `site` holds further site settings.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from qi_checker.engines.duckdb.database import set_apart
from qi_checker.errors import UserError
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from tests.helpers.folders import account

FOLDERS = Path(__file__).parents[1] / "bad_input" / "records"
NAMES = sorted(folder.name for folder in FOLDERS.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_bad_records(name: str, tmp_path: Path) -> None:
    """A message that says what to do, or every row accounted for."""
    expect = yaml.safe_load((FOLDERS / name / "expect.yaml").read_text(encoding="utf-8"))
    site_settings = expect.get("site", {})
    site = Site(timezone="America/Toronto", **site_settings)
    fill(FOLDERS / name, tmp_path, alone=expect.get("alone", False))
    if "error" in expect:
        with pytest.raises(UserError) as caught:
            read_folder(tmp_path, site)
        message = str(caught.value)
        assert all(part in message for part in expect["error"]), message
        text = message.replace(str(tmp_path), "")
        assert not any(part in text for part in expect.get("never", ())), message
        return
    records = read_folder(tmp_path, site)
    rejects, rows = account(records, site)
    assert rejects == expect.get("rejects", [])
    assert {table: list(rows[table]) for table in expect["rows"]} == expect["rows"]
    notes = [*set_apart(records), *records.notes]
    assert len(notes) == len(expect.get("notes", ())), notes
    for part in expect.get("notes", ()):
        assert any(part in note for note in notes), notes


def fill(source: Path, folder: Path, alone: bool) -> None:
    """Copy a broken folder, with good tables in the place of those that it does not have."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    (folder / "expect.yaml").unlink()
    for table in () if alone else ("cases", "events"):
        if not list(folder.glob(f"{table}.*")):
            shutil.copy(FOLDERS / "good" / f"{table}.csv", folder)
