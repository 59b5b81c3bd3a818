"""Which of several events a finding names: the chosen one, or the nearest miss."""

from __future__ import annotations

from itertools import permutations

from tests.helpers import (
    case,
    ct,
    ct_rule,
    event,
    expect,
    expect_each,
    protocol_with,
    run,
    run_each,
    scan,
)

UPCOMING = [case(status="scheduled")]

NEARER_AND_FARTHER = [
    (scan("2026-04-30"), scan("2026-04-29", "E2"), "expired too_old"),
    (scan("2026-04-30"), scan("2026-06-02", "E2"), "expired too_old"),
    (scan("2026-06-01"), scan("2026-04-29", "E2"), "expired after_surgery"),
    (scan("2026-04-01"), scan("2026-04-30", "E2", region="chest"), "expired too_old"),
    (scan("2026-05-10", region="chest"), scan("2026-04-30", "E2"), "expired wrong_region"),
    (scan("2026-05-10", status="cancelled"), scan("2026-04-30", "E2"), "expired cancelled"),
    (scan("2026-04-30"), scan(None, "E2", status="ordered"), "expired too_old"),
    (
        scan(None, status="ordered"),
        scan("2026-05-10", "E0", region="head", status="cancelled"),
        "missing ordered_not_booked",
    ),
    (
        scan("2026-05-12", region="chest"),
        scan("2026-05-10", "E0", region="head"),
        "missing wrong_region",
    ),
    (
        scan("2026-05-10", region="chest"),
        scan("2026-05-10", "E3", region="head"),
        "missing wrong_region",
    ),
    (
        scan("2026-05-10", codes="LOCAL:CT-CHEST"),
        scan("2026-05-09", "E0", region="head"),
        "missing excluded_code",
    ),
    (event("2026-04-30", modality="CT"), event("2026-04-30", "E0"), "missing unmapped"),
    (scan("2026-06-01"), scan("2026-04-30", "E0"), "expired after_surgery"),
]


def test_the_latest_study_that_fulfils_is_chosen(engine):
    """The most recent picture is the one that the surgeon uses, and it lasts longest."""
    events = [scan("2026-05-10", "E1"), scan("2026-05-20", "E2"), scan("2026-05-15", "E3")]
    expect(run(engine, ct_rule(), events=events), ct="met in_window E2")


def test_of_several_on_one_day_the_latest_clock(engine):
    """To the microsecond; one without a clock comes after those with one."""
    early, late = "2026-05-10T08:00", "2026-05-10T09:00"
    table = [
        (scan(early, "E1"), scan(late, "E2"), "met in_window E2"),
        (scan(late, "E1"), scan(early, "E2"), "met in_window E1"),
        (scan("2026-05-10", "E1"), scan("2026-05-10T00:00", "E2"), "met in_window E2"),
        (scan("2026-05-10T00:00", "E1"), scan("2026-05-10", "E2"), "met in_window E1"),
        (scan(f"{early}:59.999998"), scan(f"{early}:59.999999", "E2"), "met in_window E2"),
        (scan("2026-05-09T23:59:59.999999"), scan("2026-05-10", "E2"), "met in_window E2"),
        (scan("2026-05-10T23:59:59.999999"), scan("2026-05-11", "E0"), "met in_window E0"),
        (scan("2026-05-10T14:00Z", "E1"), scan("2026-05-10T09:59", "E0"), "met in_window E1"),
        (scan(early, "E1", region="head"), scan(late, "E2", region="head"), "missing _ E2"),
        (event(early, "E1", modality="CT"), event(late, "E2", modality="CT"), "unknown _ E2"),
    ]
    seen = run_each(engine, ct_rule(), [line[:-1] for line in table])
    found = [s.finding("ct") for s in seen]
    assert [(f["status"], f["event_id"]) for f in found] == [
        (line[-1].split()[0], line[-1].split()[2]) for line in table
    ]


def test_of_several_equals_the_lowest_id_in_text_order(engine):
    """By code point, so that every engine chooses the same."""
    for at in ("2026-05-10T08:00", "2026-05-10"):
        table = [
            (scan(at, "E2"), scan(at, "E1"), "met in_window E1"),
            (scan(at, "E10"), scan(at, "E9"), "met in_window E10"),
            (scan(at, "b"), scan(at, "B"), "met in_window B"),
            (scan(at, "Z"), scan(at, "é"), "met in_window Z"),
            (scan(at, "Ä"), scan(at, "a"), "met in_window a"),
        ]
        expect_each(engine, ct_rule(), table)


CHEMOTHERAPY = {"id": "t", "title": "chemotherapy", "event": {"kind": "therapy"}, "then": "fail"}
AFTER_CT = {"after": {"requirement": "ct"}, "and": [{"before": "surgery"}]}
BOARD = {"id": "board", "title": "board", "event": {"kind": "board"}, "owner": "Office"}
SEVERAL_ON_ONE_DAY = [
    # The CT of 17:00 is after the chemotherapy, however the two are numbered.
    (
        ct_rule(none_between=[CHEMOTHERAPY]),
        "ct",
        (("imaging", "08:00"), ("therapy", "12:00"), ("imaging", "17:00")),
        "met in_window",
    ),
    (
        ct_rule(none_between=[CHEMOTHERAPY]),
        "ct",
        (("imaging", "08:00"), ("imaging", "12:00"), ("therapy", "17:00")),
        "missing event_between",
    ),
    # A board that saw the first scan has not seen the second.
    (
        protocol_with(ct(), BOARD | {"window": AFTER_CT}),
        "board",
        (("imaging", "03:00"), ("board", "06:59"), ("imaging", "07:00")),
        "missing too_early",
    ),
    (
        protocol_with(ct(), BOARD | {"window": AFTER_CT}),
        "board",
        (("imaging", "03:00"), ("board", "07:01"), ("imaging", "07:00")),
        "met in_window",
    ),
    (
        protocol_with(ct(count=2), BOARD | {"window": AFTER_CT}),
        "board",
        (("imaging", "03:00"), ("board", "06:59"), ("imaging", "07:00"), ("imaging", "01:00")),
        "missing too_early",
    ),
    (
        ct_rule(count=2, none_between=[CHEMOTHERAPY]),
        "ct",
        (("imaging", "08:00"), ("therapy", "12:00"), ("imaging", "17:00"), ("imaging", "09:00")),
        "met in_window",
    ),
]


def test_ids_decide_nothing_where_clocks_differ(engine):
    """Whatever the order of the ids and of the rows."""
    for rule, requirement, day, said in SEVERAL_ON_ONE_DAY:
        table = []
        for ids in permutations("ABCD"[: len(day)]):
            rows = [
                scan(f"2026-05-10T{clock}", id, kind=kind)
                for (kind, clock), id in zip(day, ids, strict=True)
            ]
            table += [(*rows, said), (*reversed(rows), said)]
        expect_each(engine, rule, table, requirement=requirement)


def test_a_partial_date_counts_as_its_first_day(engine):
    """February as a whole is 1 February."""
    operation, month = case(surgery_at="2026-03-02"), scan("2026-02", "E1")
    table = [
        (operation, month, scan("2026-02-01", "E2"), "met in_window E1"),
        (operation, month, scan("2026-02-02", "E2"), "met in_window E2"),
    ]
    expect_each(engine, ct_rule(), table)


def test_the_latest_booking_is_chosen(engine):
    """As among completed studies."""
    events = [scan("2026-05-22", "E1", status="booked"), scan("2026-05-25", "E2", status="booked")]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20")
    expect(seen, ct="booked booked_in_window E2")


def test_the_nearest_miss_is_told(engine):
    """Fewest criteria that do not pass, then closest to the window, then latest, then lowest id."""
    table = []
    for nearer, farther, expected in NEARER_AND_FARTHER:
        table += [(nearer, farther, f"{expected} E1"), (farther, nearer, f"{expected} E1")]
    expect_each(engine, ct_rule(), table)


def test_the_reason_of_a_study_with_several_faults_is_the_first(engine):
    """In the order code, modality, region, status, window."""
    study = scan("2026-04-01", region="chest", status="cancelled", codes="LOCAL:CT-CHEST")
    table = [
        (study, "missing excluded_code E1"),
        (study | {"codes": None}, "missing wrong_region E1"),
        (study | {"codes": None, "region": "liver"}, "missing cancelled E1"),
    ]
    expect_each(engine, ct_rule(), table)


def test_the_undecided_study_with_the_fewest_doubts_is_told(engine):
    """Then the one closest to the window, the latest, and the lowest id."""
    better_and_worse = [
        (scan("2026-05-05", region=None), event("2026-05-20", "E2"), "unmapped"),
        (scan("2026-05", "E1"), scan("2026-04-20", "E2", region=None), "partial_date"),
        (scan("2026-05-20", region=None), scan("2026-05-05", "E2", region=None), "unmapped"),
        (scan("2026-05-20", region=None), scan("2026-05-20", "E2", region="thorax"), "unmapped"),
    ]
    table = []
    for better, worse, reason in better_and_worse:
        expected = f"unknown {reason} E1"
        table += [(better, worse, expected), (worse, better, expected)]
    expect_each(engine, ct_rule(), table)


def test_an_undecided_study_that_fails_something_else_leaves_no_doubt(engine):
    """Too old is too old, wherever it was."""
    expect(run(engine, ct_rule(), events=[event("2026-04-01")]), ct="missing unmapped E1")


def test_a_wrong_modality_is_no_near_miss(engine):
    """An ultrasound says nothing about a CT."""
    expect(
        run(engine, ct_rule(), events=[scan("2026-05-10", modality="US")]),
        ct="missing never_ordered",
    )


def test_where_no_modality_is_asked_every_event_of_the_kind_is_a_near_miss(engine):
    """A visit that was too early is told."""
    rule = ct_rule(event={"kind": "visit"})
    events = [event("2026-04-01", kind="visit")]
    expect(run(engine, rule, events=events), ct="expired too_old E1")
