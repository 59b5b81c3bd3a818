"""One made-up ward for a run; a test that writes has a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.shared import made_once
from tests.helpers.web import Served, copied, make_ward, served


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nightly.yaml of a hospital with two nights and accounts of every role; nobody writes into it."""
    return made_once(tmp_path_factory, "ward", make_ward) / "nightly.yaml"


@pytest.fixture(scope="module")
def site(ward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A copy of the ward that is served to the tests of one file."""
    with served(copied(ward, tmp_path_factory.mktemp("site"))) as found:
        yield found


@pytest.fixture(scope="module")
def secure(ward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same as people reach it through a proxy: by https and another name."""
    with served(copied(ward, tmp_path_factory.mktemp("secure")), url="https://qi.example") as found:
        yield found
