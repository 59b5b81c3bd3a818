"""The numbers of a report: who is counted, what is present and what is in the window."""

from __future__ import annotations

from tests.helpers import case, ct, exception, group, liver, mr_scan, mri, protocol_with, run, scan

POLICY = {"reasons": ["contraindication-mri"]}


def patient(n: int) -> dict[str, str]:
    """Columns of the n-th patient."""
    return {"patient_id": f"P{n}"}


def test_the_rate_counts_past_cases_that_the_protocol_asks(engine):
    """Upcoming, cancelled and excluded cases are not eligible."""
    cases = [
        case("C1"),
        case("C2", **patient(2)),
        case("C3", **patient(3)),
        case("C4", **patient(4)),
        case("C5", surgery_at="2026-07-15", status="scheduled", **patient(5)),
        case("C6", status="cancelled", **patient(6)),
        case("C7", procedures=None, **patient(7)),
    ]
    events = [
        scan("2026-05-05"),
        mr_scan("2026-05-05"),
        scan("2026-05-05", "E3", **patient(2)),
        scan("2026-05-05", "E4", **patient(3)),
        mr_scan("2026-05-05", "E5", region=None, **patient(3)),
    ]
    rows = [exception(case_id="C2")]
    seen = run(engine, liver(exceptions=POLICY), cases=cases, events=events, exceptions=rows)
    assert seen.numbers == {
        "eligible": 4,
        "compliant": 1,
        "with_exception": 1,
        "undetermined": 1,
        "present": {"ct": 3, "mri": 1},
        "in_window": {"ct": 3, "mri": 1},
        "sensitivity": {},
    }


STUDIES = [
    (scan("2026-05-05"), 1, 1),
    (scan("2020-05-05"), 1, 0),
    (scan("2026-06-05"), 0, 0),
    (scan("2026-05-05", region="chest"), 0, 0),
    (scan("2026-05-05", region=None), 0, 0),
    (scan("2026-05-05", modality="PT;CT"), 0, 0),
    (scan("2026-05-05", status="booked"), 0, 0),
    (scan("2026-05-31"), 0, 0),
    (scan("2026-05-31T07:00"), 1, 1),
    (scan("2026-05-31T09:00"), 0, 0),
    (scan("2026-05"), 0, 0),
    (scan("2026-04"), 1, 0),
    (scan("2025"), 1, 0),
]


def test_present_is_a_right_study_at_any_time_before_the_operation(engine):
    """That every patient had a CT does not mean that every patient had one in time."""
    present = [study for study, is_present, _ in STUDIES if is_present]
    absent = [study for study, is_present, _ in STUDIES if not is_present]
    for studies, count in ((present, len(present)), (absent, 0)):
        cases = [case(f"C{n}", **patient(n)) for n in range(len(studies))]
        events = [study | {"event_id": f"E{n}"} | patient(n) for n, study in enumerate(studies)]
        numbers = run(engine, liver(), cases=cases, events=events).numbers
        assert numbers["present"] == {"ct": count, "mri": 0}
        inside = sum(is_inside for study, _, is_inside in STUDIES if study in studies)
        assert numbers["in_window"] == {"ct": inside, "mri": 0}


def test_a_study_on_an_allowed_day_0_is_present(engine):
    """What counts as before the operation is the same as for the window."""
    numbers = run(engine, protocol_with(ct(same_day="allow")), events=[scan("2026-05-31")]).numbers
    assert numbers["present"] == {"ct": 1}


def test_an_exempt_requirement_may_be_present_but_is_not_in_the_window(engine):
    """Exceptions do not bend the counts of what was there."""
    seen = run(
        engine, liver(exceptions=POLICY), events=[mr_scan("2026-01-05")], exceptions=[exception()]
    )
    assert (seen.numbers["present"]["mri"], seen.numbers["in_window"]["mri"]) == (1, 0)


def test_sensitivity_counts_compliant_cases_under_other_windows(engine):
    """The same evaluation with the limit replaced, without exceptions."""
    rule = liver(sensitivity=["14 days", "30 days", "1 month", "60 days"], exceptions=POLICY)
    cases = [case("C1"), case("C2", **patient(2)), case("C3", **patient(3))]
    events = [
        scan("2026-05-17", "E1"),
        mr_scan("2026-05-20", "E2"),
        scan("2026-04-30", "E3", **patient(2)),
        mr_scan("2026-05-20", "E4", **patient(2)),
        scan("2026-05-20", "E5", **patient(3)),
    ]
    rows = [exception(case_id="C3")]
    seen = run(engine, rule, cases=cases, events=events, exceptions=rows)
    assert seen.numbers["sensitivity"] == {
        "14 days": 1,
        "30 days": 1,
        "1 month": 2,
        "60 days": 2,
    }


def test_sensitivity_follows_the_groups(engine):
    """Where one of two is enough, it is enough under every window."""
    rule = protocol_with(group("any_of", ct(), mri()), sensitivity=["7 days", "21 days"])
    seen = run(engine, rule, events=[scan("2026-04-01"), mr_scan("2026-05-12")])
    assert seen.numbers["sensitivity"] == {"7 days": 0, "21 days": 1}


def test_sensitivity_reaches_beyond_the_window_of_the_rule(engine):
    """A study too old for the rule counts under a longer window; an older one may do so too."""
    rule = protocol_with(ct(), sensitivity=["14 days", "60 days"])
    seen = run(engine, rule, events=[scan("2026-04-10"), scan("2026-06-05", "E2")])
    assert seen.numbers["sensitivity"] == {"14 days": 0, "60 days": 1}


def test_sensitivity_replaces_the_limit_and_a_strict_limit_stays_strict(engine):
    """Under its own limit a rule counts as ever: 28 days are not less than 4 weeks."""
    rule = protocol_with(
        ct(window={"before": "surgery", "less_than": "4 weeks"}), sensitivity=["4 weeks", "29 days"]
    )
    seen = run(engine, rule, events=[scan("2026-05-03")])
    assert seen.numbers["compliant"] == 0
    assert seen.numbers["sensitivity"] == {"4 weeks": 0, "29 days": 1}


def test_sensitivity_gives_a_window_without_a_limit_one(engine):
    """Within so many days, both ends included."""
    rule = protocol_with(ct(window={"before": "surgery"}), sensitivity=["27 days", "28 days"])
    seen = run(engine, rule, events=[scan("2026-05-03")])
    assert seen.numbers["sensitivity"] == {"27 days": 0, "28 days": 1}


def test_no_case_gives_no_numbers(engine):
    """Nothing is divided by anything."""
    numbers = run(engine, cases=[]).numbers
    assert (numbers["eligible"], numbers["compliant"], numbers["undetermined"]) == (0, 0, 0)
