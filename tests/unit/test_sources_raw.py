"""Where a database in memory puts what does not fit into it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from qi_checker.sources.raw import connect

SPILL = """
from qi_checker.sources.raw import connect
con = connect()
con.execute("SET memory_limit = '60MB'; SET threads = 1")
con.execute("CREATE TABLE t AS SELECT range AS n, md5(range::VARCHAR) AS x FROM range(2000000)")
folder = con.execute("SELECT current_setting('temp_directory')").fetchone()[0]
import os
print(folder, sum(len(f) for _, _, f in os.walk(folder)))
"""


def test_nobody_else_can_read_what_spills() -> None:
    row = connect().execute("SELECT current_setting('temp_directory')").fetchone()
    assert row is not None
    assert stat.S_IMODE(os.stat(row[0]).st_mode) == 0o700


def test_what_has_spilt_is_gone_when_the_program_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPILL],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    folder, files = done.stdout.split()
    assert int(files) > 0, "nothing was spilt, so that nothing is shown"
    assert not Path(folder).exists()
    assert list(tmp_path.iterdir()) == []
