"""The referee: an independent CQL engine (ms-cql-sdk), asked definition by definition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cql_sdk.compiler.cql_to_elm import translate
from cql_sdk.elm.serialization.loader import load_library_from_string
from cql_sdk.fhir.context import context_from_bundle
from cql_sdk.invocation.toolkit import InvocationToolkit

HERE = Path(__file__).parent
CQL, ELM = HERE / "liver_imaging.cql", HERE / "liver_imaging.elm.json"


def elm_of(cql: str) -> str:
    """The translation of a CQL text, laid out as it is kept."""
    return json.dumps(translate(cql), indent=1, sort_keys=True) + "\n"


class Referee:
    """One ELM library, asked about one FHIR bundle after the other."""

    def __init__(self, elm: str) -> None:
        library = load_library_from_string(elm)
        self._name = library.identifier
        self._toolkit = InvocationToolkit()
        self._toolkit.register(library)

    def missing_operators(self) -> set[str]:
        """What the engine cannot evaluate: it would answer false, and not say why."""
        return set(self._toolkit.validate(self._name))

    def answers(self, bundle: dict[str, Any], definitions: Sequence[str]) -> dict[str, Any]:
        self._toolkit.clear_cache()  # it would give every patient the answers of the first one
        context = context_from_bundle(bundle)
        return {
            name: self._toolkit.invoke(
                library_identifier=self._name, definition=name, context=context
            )
            for name in definitions
        }

    def populations(
        self, bundles: Iterable[tuple[str, dict[str, Any]]], definitions: Sequence[str]
    ) -> dict[str, set[str]]:
        """The ids for which each definition is true. An answer that is neither true nor false
        raises ValueError."""
        found: dict[str, set[str]] = {name: set() for name in definitions}
        for id, bundle in bundles:
            for name, answer in self.answers(bundle, definitions).items():
                if answer not in (True, False):
                    raise ValueError(f"{name} is {answer!r} for {id}")
                if answer:
                    found[name].add(id)
        return found
