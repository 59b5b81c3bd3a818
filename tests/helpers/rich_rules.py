"""A protocol that uses every key of the language, so that every key has its words."""

from __future__ import annotations

from typing import Any

from qi_checker.protocol.bundle import Bundle
from tests.helpers.protocols import EMERGENCY, ct, group, mri, protocol_with

CHEMOTHERAPY = {"kind": "therapy", "codes": {"in": "biopsy-codes"}}
ADVICE = [
    {"id": "words", "title": "No contrast.", "when": {"description": ["plain", "native"]}},
    {"id": "codes", "title": "A biopsy", "when": {"codes": {"in": "biopsy-codes"}}},
    {"id": "role", "title": "Low dose", "when": {"role": "warns"}},
]


def rich(**changes: Any) -> Bundle:
    """Make a protocol with every anchor, limit, selector, condition, count, absence, exception."""
    visit: dict[str, Any] = {
        "id": "visit",
        "title": "History and physical",
        "owner": "Ward",
        "event": {
            "kind": "visit",
            "status": ["completed", "booked"],
            "provenance": ["internal"],
            "columns": [{"name": "grade", "in": ["resident", "consultant"]}],
        },
        "window": {
            "before": "admission",
            "at_most": "30 days",
            "or_after": {"at_most": "24 hours"},
            "and": [{"before": "surgery"}],
        },
    }
    update: dict[str, Any] = {
        "id": "update",
        "title": "Update of the examination",
        "owner": "Ward",
        "event": {"kind": "visit", "codes": {"in": "liver-ct-codes"}},
        "window": {"after": "admission", "less_than": "24 hours"},
        "applies_if": {
            "all_of": [
                {"chosen": {"requirement": "visit", "window": {"before": "admission"}}},
                {
                    "any_of": [
                        {
                            "event": CHEMOTHERAPY
                            | {"window": {"before": "surgery", "at_most": "6 months"}}
                        },
                        {"urgency": ["elective", "urgent"]},
                        {"column": {"name": "own_ward", "in": ["A"]}},
                    ]
                },
            ]
        },
    }
    after_visit = ct(
        event={
            "kind": "imaging",
            "modality": ["CT", "MR"],
            "region": ["liver"],
            "not_codes": {"in": "biopsy-codes"},
            "allow_codes": {"in": "liver-ct-codes"},
        },
        window={
            "after": {"requirement": "visit"},
            "at_least": "2 working days",
            "and": [{"before": {"column": "discharged_at"}, "more_than": "1 month"}],
        },
        warn=ADVICE,
        lead_time="5 working days",
        none_between=[
            {"id": "chemo", "title": "chemotherapy", "event": CHEMOTHERAPY, "then": "fail"},
            {"id": "drain", "title": "a drain", "event": {"kind": "drain"}, "then": "warn"},
        ],
    )
    twice = mri(
        id="twice",
        title="Two blood counts",
        event={"kind": "lab"},
        count=2,
        apart={"at_least": "42 days"},
        same_day="allow",
        window={"before": "surgery", "less_than": "4 weeks"},
    )
    free: dict[str, Any] = {
        "id": "free",
        "title": "Chemotherapy",
        "owner": "Oncology",
        "event": CHEMOTHERAPY,
        "window": {"before": "surgery", "at_most": "6 weeks"},
        "forbidden": True,
        "same_day": "refuse",
    }
    either = group("any_of", after_visit, group("all_of", twice, mri())) | {"title": "Pictures"}
    return protocol_with(
        visit,
        update,
        either,
        free,
        **{
            "exclude": [EMERGENCY],
            "exceptions": {"reasons": ["other"], "at_most": "90 days"},
            "sensitivity": ["14 days"],
        }
        | changes,
    )
