"""Puts the top-level folders `rules` and `reports` into the wheel, as `qi_checker/_data`.

They stay at the top of a checkout, where rule authors look for them; everything else about the
package is in pyproject.toml. An editable install reads them from the checkout.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("reports", "rules")


class BuildWithData(build_py):
    """`build_py` that also copies the shipped folders."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for source, target in self._shipped().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *self._shipped().values()]

    def get_source_files(self) -> list[str]:
        """For the source distribution."""
        return [*super().get_source_files(), *self._shipped()]

    def _shipped(self) -> dict[str, str]:
        """Every file of the folders, and where it goes in the build; hidden files stay behind."""
        data = Path(self.build_lib) / "qi_checker" / "_data"
        files = (f for name in SHIPPED for f in sorted(Path(name).rglob("*")) if f.is_file())
        return {str(f): str(data / f) for f in files if not f.name.startswith(".")}


setup(cmdclass={"build_py": BuildWithData})
