"""Protocols for tests: CT and MRI of the liver within 30 days before surgery, and variations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.codes import Catalogue, CodeList, CodeRow, ImagingCode
from qi_checker.protocol.models import Protocol

LIVER = ["liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis"]
LIVER_OPERATION = {
    "all_of": [{"procedure": {"in": "liver-resection"}}, {"diagnosis": {"in": "liver-metastasis"}}]
}
EMERGENCY = {"id": "emergency", "title": "Emergency surgery", "when": {"urgency": ["emergency"]}}


def _list(name: str, *codes: tuple[str, str]) -> CodeList:
    return CodeList(name, tuple(CodeRow(system, code) for system, code in codes))


CATALOGUE = Catalogue(
    lists={
        found.name: found
        for found in (
            _list("liver-resection", ("ICD-10-PCS", "0FB0*"), ("CCI", "1OA87LA")),
            _list("liver-metastasis", ("ICD-10-CM", "C787")),
            _list("liver-ct-codes", ("LOCAL", "CT-LIVER"), ("LOCAL", "CT-TRI*")),
            _list("biopsy-codes", ("LOCAL", "BIOPSY"), ("LOCAL", "GUIDE*")),
            _list("chest-codes", ("LOCAL", "CT-CHEST")),
        )
    },
    imaging=(
        ImagingCode("LOCAL", "CT-LIVER", "CT", "liver", "qualifies"),
        ImagingCode("LOCAL", "MR-LIVER", "MR", "liver", "qualifies"),
        ImagingCode("LOCAL", "MR-HEAD", "MR", "head", "qualifies"),
        ImagingCode("LOCAL", "CT-ANY", "CT", "", "qualifies"),
        ImagingCode("LOCAL", "PETCT", "PT;CT", "whole-body;liver", "warns"),
        ImagingCode("LOCAL", "CT-CHEST", "CT", "chest", "never"),
    ),
    regions=(*LIVER, "chest", "pelvis", "head", "whole-body", "other"),
    modalities=("CT", "MR", "US", "PT", "DX"),
)


def ct(**changes: Any) -> dict[str, Any]:
    """Make the requirement `ct`: a CT of the liver within 30 days, with changes."""
    return {
        "id": "ct",
        "title": "CT of the liver",
        "event": {"kind": "imaging", "modality": ["CT"], "region": LIVER},
        "window": {"before": "surgery", "at_most": "30 days"},
        "owner": "CT desk",
    } | changes


def mri(**changes: Any) -> dict[str, Any]:
    """Make the requirement `mri`: an MRI of the liver within 30 days, with changes."""
    event = {"kind": "imaging", "modality": ["MR"], "region": LIVER}
    return ct(id="mri", title="MRI of the liver", event=event, owner="MRI desk") | changes


def group(how: str, *members: dict[str, Any]) -> dict[str, Any]:
    """Make `any_of` or `all_of` of requirements."""
    return {how: list(members)}


def version(*members: dict[str, Any], start: str = "2020-01-01", **changes: Any) -> dict[str, Any]:
    """Make a version for patients whose liver metastasis is resected, in force from `start`."""
    return {
        "version": "1.0",
        "in_force": {"from": start},
        "applies_to": LIVER_OPERATION,
        "requirements": list(members),
    } | changes


def bundle(*versions: dict[str, Any], catalogue: Catalogue = CATALOGUE) -> Bundle:
    """Make a protocol of these versions with the code lists of the tests."""
    protocol = Protocol.model_validate(
        {
            "id": "liver-imaging",
            "title": "Imaging before liver surgery",
            "statement": "Every patient has both a CT and an MRI of the liver.",
            "source": [{"citation": "Invented for tests", "level": "none"}],
            "owner": "Quality committee",
            "versions": list(versions),
        }
    )
    return Bundle(protocol, catalogue, sha256="0" * 64, path=Path("rules/liver-imaging"))


def protocol_with(*members: dict[str, Any], **changes: Any) -> Bundle:
    """Make a protocol with one version of these requirements or groups."""
    return bundle(version(*members, **changes))


def liver(**changes: Any) -> Bundle:
    """Make a protocol of CT and MRI, each within 30 days before surgery."""
    return protocol_with(ct(), mri(), **changes)


def ct_rule(**changes: Any) -> Bundle:
    """Make a protocol that requires one CT, with changes to that requirement."""
    return protocol_with(ct(**changes))
