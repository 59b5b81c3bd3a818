"""Write build/sbom.cdx.json: the contents of the container as a bill of materials (CycloneDX 1.6).

    make sbom

Names, versions and hashes are those of deploy/requirements.txt; licences and dependencies come from
the packages installed here. The same input gives the same bytes.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

from qi_checker import __version__
from scripts.hashes import OUT, PROJECT

SBOM = PROJECT / "build" / "sbom.cdx.json"
_LINE = re.compile(r"^([a-z0-9-]+)==(\S+)((?:\s*\\?\s*--hash=sha256:[0-9a-f]{64})+)\s*$", re.M)
_NAMES = uuid.UUID("3bb48c1c-9d4a-5f5b-8a6e-53a2f8b6f0d1")  # our own name space


def pinned(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield name, version and hashes of each package of a requirements file."""
    for name, version, hashes in _LINE.findall(text.replace("\\\n", " ")):
        yield name, version, re.findall(r"[0-9a-f]{64}", hashes)


def bill(text: str) -> dict[str, Any]:
    """Return the document. `text` is the content of deploy/requirements.txt."""
    packages = list(pinned(text))
    refs = {name: f"pkg:pypi/{name}@{version}" for name, version, _ in packages}
    ours = f"pkg:pypi/qi-checker@{__version__}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMES, text + __version__)}",
        "version": 1,
        "metadata": {
            "component": _component("qi-checker", __version__, [], "application"),
        },
        "components": [_component(*package) for package in packages],
        "dependencies": [
            {"ref": ours, "dependsOn": sorted(_needed("qi-checker", refs))},
            *({"ref": refs[n], "dependsOn": sorted(_needed(n, refs))} for n, _, _ in packages),
        ],
    }


def _component(name: str, version: str, hashes: list[str], kind: str = "library") -> dict[str, Any]:
    ref = f"pkg:pypi/{name}@{version}"
    component: dict[str, Any] = {
        "type": kind,
        "bom-ref": ref,
        "name": name,
        "version": version,
        "purl": ref,
    }
    if hashes:
        component["hashes"] = [{"alg": "SHA-256", "content": digest} for digest in hashes]
    licence = _licence(name)
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _licence(name: str) -> str:
    """Return the package's own statement: an SPDX expression, a line, or its classifiers."""
    package = _installed(name)
    if package is None:
        return ""
    for field in ("License-Expression", "License"):
        value = (package.metadata.get_all(field) or [""])[0]
        if value and len(value) < 100 and "\n" not in value:
            return str(value)
    classes = package.metadata.get_all("Classifier") or []
    return "; ".join(c.rpartition(" :: ")[2] for c in classes if c.startswith("License ::"))


def _needed(name: str, refs: dict[str, str]) -> set[str]:
    package = _installed(name)
    needs = (package.requires if package is not None else None) or []
    names = {re.split(r"[\s;<>=!~\[(]", one, maxsplit=1)[0] for one in needs}
    plain = {re.sub(r"[-_.]+", "-", one).lower() for one in names}
    return {refs[one] for one in plain if one in refs}


def main() -> None:
    SBOM.parent.mkdir(parents=True, exist_ok=True)
    document = bill(OUT.read_text(encoding="utf-8"))
    SBOM.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"{SBOM.relative_to(PROJECT)}: {len(document['components'])} packages")


if __name__ == "__main__":
    main()
