"""What must be read from the records, for all protocols that are evaluated together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.codes import Catalogue, CodeList
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled


@dataclass(frozen=True)
class Needs:
    """The union of what each protocol reads from the records; all are for one moment and site."""

    protocols: Sequence[Compiled]

    @property
    def as_of(self) -> AsOf:
        return self.protocols[0].as_of

    @property
    def site(self) -> Site:
        return self.protocols[0].site

    @property
    def dates(self) -> tuple[str, ...]:
        """Return the columns of the cases that anchor windows, as `when_<n>`."""
        return self.protocols[0].dates

    @cached_property
    def case_columns(self) -> set[str]:
        return self._all(lambda c: c.case_columns)

    @cached_property
    def event_columns(self) -> set[str]:
        return self._all(lambda c: c.event_columns)

    @cached_property
    def allowed_codes(self) -> set[str]:
        return self._all(lambda c: c.allowed_codes)

    @cached_property
    def forbidden_kinds(self) -> set[str]:
        return self._all(lambda c: c.forbidden_kinds)

    @cached_property
    def working_days(self) -> tuple[int, int]:
        """Return the maximum working days in windows, and the maximum in lead times."""
        windows, leads = zip(*(c.working_days for c in self.protocols), strict=True)
        return max(windows), max(leads)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Return every code list that one of them names, and the shared vocabularies."""
        first = self.protocols[0].bundle.catalogue
        lists = reduce(dict.__or__, (c.bundle.catalogue.lists for c in self.protocols))
        return Catalogue(lists, first.imaging, first.regions, first.modalities)

    def _all(self, wanted: Callable[[Compiled], set[str]]) -> set[str]:
        result: set[str] = set()
        return result.union(*(wanted(c) for c in self.protocols))


def check_together(bundles: Sequence[Bundle]) -> None:
    """Raise UserError if protocols cannot be evaluated in one pass over the records."""
    if not bundles:
        raise UserError(Problem("protocols", "there is no protocol to evaluate"))
    problems = list(_Seen().conflicts(bundles))
    if problems:
        raise UserError(problems)


@dataclass
class _Seen:
    """The ids and code lists of earlier protocols, and the protocol each came from."""

    ids: dict[str, Bundle] = field(default_factory=dict)
    lists: dict[str, tuple[Bundle, CodeList]] = field(default_factory=dict)

    def conflicts(self, bundles: Sequence[Bundle]) -> Iterator[Problem]:
        words = _vocabularies(bundles[0].catalogue)
        for bundle in bundles:
            where, name = str(bundle.path), bundle.protocol.id
            first = self.ids.setdefault(name, bundle)
            if first is not bundle:
                what = f"the id {name} is also that of {first.path}"
                yield Problem(
                    where,
                    what,
                    "Their results could not be distinguished",
                    "Give one of them another id",
                )
            for code_list in bundle.catalogue.lists.values():
                yield from self._same_list(bundle, code_list)
            for file, content in _vocabularies(bundle.catalogue).items():
                if content != words[file]:
                    what = f"its {file} is not the same as that of {bundles[0].path}"
                    yield Problem(
                        where,
                        what,
                        "Events are read once for all protocols",
                        "Evaluate it by itself",
                    )

    def _same_list(self, bundle: Bundle, code_list: CodeList) -> Iterator[Problem]:
        first, known = self.lists.setdefault(code_list.name, (bundle, code_list))
        if known is not code_list and set(known.pairs) != set(code_list.pairs):
            what = f"its code list {code_list.name} is not the same as that of {first.path}"
            yield Problem(
                str(bundle.path),
                what,
                "Each list is read once for all protocols",
                "Give one of the lists another name, or evaluate it by itself",
            )


def _vocabularies(catalogue: Catalogue) -> dict[str, frozenset[object]]:
    """Return the contents of the files other than code lists; their notes do not matter."""
    imaging = ((c.system, c.code, c.modality, c.region, c.role) for c in catalogue.imaging)
    return {
        "imaging.csv": frozenset(imaging),
        "regions.csv": frozenset(catalogue.regions),
        "modalities.csv": frozenset(catalogue.modalities),
    }
