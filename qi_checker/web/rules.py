"""Parts of a protocol that pages need: titles, modalities, the version in force."""

from __future__ import annotations

from functools import lru_cache

from qi_checker.protocol.models import Requirement
from qi_checker.web.runtime import bundle


@lru_cache(maxsize=64)
def requirements(protocol: str, sha256: str) -> dict[str, Requirement]:
    """Return the requirements of all versions, the latest last; {} if the files changed."""
    loaded = bundle(protocol, sha256)
    if loaded is None:
        return {}
    versions = sorted(loaded.protocol.versions, key=lambda v: v.in_force.from_)
    return {leaf.id: leaf for version in versions for leaf in version.leaves}


@lru_cache(maxsize=64)
def modalities(protocol: str, sha256: str) -> dict[str, tuple[str, ...]]:
    """Return the modalities of each requirement."""
    by_id = requirements(protocol, sha256)
    return {name: tuple(leaf.event.modality or ()) for name, leaf in by_id.items()}
