"""What pages need of a protocol: titles, modalities, which version is in force."""

from __future__ import annotations

from functools import lru_cache

from qi_checker.protocol.models import Requirement
from qi_checker.web.runtime import bundle


@lru_cache(maxsize=64)
def requirements(protocol: str, sha256: str) -> dict[str, Requirement]:
    """Every requirement of every version, the latest version last; empty where files changed."""
    found = bundle(protocol, sha256)
    if found is None:
        return {}
    versions = sorted(found.protocol.versions, key=lambda v: v.in_force.from_)
    return {leaf.id: leaf for version in versions for leaf in version.leaves}


@lru_cache(maxsize=64)
def modalities(protocol: str, sha256: str) -> dict[str, tuple[str, ...]]:
    """The modalities that each requirement asks for."""
    found = requirements(protocol, sha256)
    return {name: tuple(leaf.event.modality or ()) for name, leaf in found.items()}
