"""Requirements that need several events: pick them one after the other, the latest first.

docs/evaluation.md, section 7, `count: n`. The results of all other requirements pass through.
"""

from __future__ import annotations

from sqlglot import exp

from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.criteria import Part
from qi_checker.query.ranking import (
    BOOKED,
    MET,
    OTHER,
    UNKNOWN,
    class_of,
    fields,
    is_taken,
    klass,
    packed,
)
from qi_checker.query.scope import number
from qi_checker.query.sql import (
    Expr,
    all_of,
    any_of,
    before,
    case,
    cast,
    coalesce,
    col,
    join,
    known,
    lit,
    named,
    not_,
    plus,
    select,
    table,
    union_all,
)

_Steps = list[tuple[str, exp.Query]]
# The sets to pick from: completed events, these and bookings, only bookings.
KINDS = {"done": (MET,), "planned": (MET, BOOKED), "bookings": (BOOKED,)}


def found(part: Part) -> _Steps:
    """Make `found`: per case and requirement the class, the deciding candidate, and more.

    `last_lo` is the day of the last required pick, `few` the reason if there are too few.
    """
    counting = [n for n in part.numbers if part.scope.questions[n].count is not None]
    source = part.named("best")
    carried: list[Expr] = [col(n, "b") for n in ("case_key", "requirement", "newest_present")]
    columns = [*carried, named(klass(col("best", "b")), "class"), named(col("best", "b"), "found")]
    leaves = len(part.scope.leaves)
    silent = [n for n in part.numbers if n >= leaves or part.scope.questions[n].forbidden]
    if silent:
        # Events that may have happened take precedence over planned ones.
        hidden = all_of(
            col("requirement", "b").isin(*silent),
            known(col("unsure", "b")),
            klass(col("best", "b")).eq(BOOKED),
        )
        columns = [
            *carried,
            named(case((hidden, lit(UNKNOWN)), default=klass(col("best", "b"))), "class"),
            named(case((hidden.copy(), col("unsure", "b")), default=col("best", "b")), "found"),
        ]
    if part.scope.plain:
        return [(part.named("found"), select(columns, table(source, "b")))]
    # If nothing can invalidate the best candidate, no second one was determined.
    second = col("second", "b") if is_taken(part) else case((exp.false(), col("best", "b")))
    beside = [named(second, "second"), named(klass(second.copy()), "second_class")]
    also: list[Expr] = [col("too_old", "b")]
    nothing = [
        *(named(cast(exp.null(), "DATE"), name) for name in ("last_lo", "second_last_lo")),
        named(cast(exp.null(), "INT"), "few"),
    ]
    where = [not_(col("requirement", "b").isin(*counting))] if counting else []
    single = select([*columns, *beside, *also, *nothing], table(source, "b"), where=where)
    steps: _Steps = []
    counted: list[exp.Query] = []
    for n in counting:
        steps += _tally(part, n)
        counted.append(_counted(part, n, carried, also))
    return [*steps, (part.named("found"), union_all([single, *counted]))]


def _tally(part: Part, n: int) -> _Steps:
    """Count the picks, among completed events alone and together with bookings."""
    leaf = part.scope.questions[n]
    wanted = leaf.count or 1
    steps: _Steps = []
    rows: list[exp.Query] = []
    for kind in KINDS:
        for place in range(1, wanted + 1):
            name = part.named(f"{kind}_{n}_{place}")
            earlier = part.named(f"{kind}_{n}_{place - 1}") if place > 1 else None
            steps.append((name, _pick(part, n, leaf, KINDS[kind], earlier)))
            columns = [
                col("case_key"),
                col("pick"),
                named(lit(place), "depth"),
                named(lit(kind), "kind"),
            ]
            rows.append(select(columns, name))
    depth = col("depth")

    def of(kind: str) -> Expr:
        return col("kind").eq(kind)

    def number_of(kind: str) -> Expr:
        return exp.Max(this=case((of(kind), depth.copy()), default=lit(0)))

    def first(*conditions: Expr) -> Expr:
        return exp.Min(this=case((all_of(*conditions), _plain(part))))

    booking = not_(exp.Dot(this=col("pick"), expression=exp.to_identifier("done")))
    tally = select(
        [
            col("case_key"),
            *(named(number_of(kind), kind) for kind in KINDS),
            named(first(of("done"), depth.eq(1)), "first_pick"),
            named(first(of("done"), depth.eq(wanted)), "last_pick"),
            named(first(of("planned"), booking), "booking"),
            named(first(of("planned"), depth.eq(wanted)), "last_planned"),
            named(first(of("bookings"), depth.eq(wanted)), "last_booking"),
            named(first(of("bookings"), depth.eq(1)), "first_booking"),
        ],
        part.named(f"picks_{n}"),
        group=[col("case_key")],
    )
    return [
        *steps,
        (part.named(f"picks_{n}"), union_all(rows)),
        (part.named(f"tally_{n}"), tally),
    ]


def _plain(part: Part) -> Expr:
    """Return a pick as a candidate, without the columns that only picking needs."""
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(
                this=exp.to_identifier(f),
                expression=exp.Dot(this=col("pick"), expression=exp.to_identifier(f)),
            )
            for f in fields(part)
        ]
    )


def _pick(
    part: Part, n: int, leaf: Requirement, classes: tuple[int, ...], earlier: str | None
) -> exp.Select:
    """Pick the latest event that passes; after the first pick, far enough before the last pick."""
    of_class = class_of(col("key", "e"))
    where: list[Expr] = [col("requirement", "e").eq(n), of_class.isin(*classes)]
    whole = packed(part, lit(0), ("done",))
    columns = [col("case_key", "e"), named(exp.Min(this=whole), "pick")]
    source = table(part.named("candidates"), "e")
    group = [col("case_key", "e")]
    if earlier is None:
        return select(columns, source, where=where, group=group)

    def last(name: str) -> Expr:
        return exp.Dot(this=col("pick", "p"), expression=exp.to_identifier(name))

    if leaf.apart is not None:
        where.append(col("hi", "e") <= before(last("lo"), leaf.apart.at_least))
    else:
        same = exp.EQ(this=col("late", "e"), expression=last("late"))
        after_it = exp.GT(this=col("late", "e"), expression=last("late"))
        where.append(any_of(after_it, all_of(same, col("event_id", "e") > last("event_id"))))
    joined = join(table(earlier, "p"), col("case_key", "p").eq(col("case_key", "e")))
    return select(columns, source, [joined], where, group)


def _day(pick: str) -> Expr:
    return exp.Dot(this=col(pick, "t"), expression=exp.to_identifier("lo"))


def _counted(part: Part, n: int, carried: list[Expr], also: list[Expr]) -> exp.Select:
    """Select the same columns for a requirement with `count`."""
    wanted = part.scope.questions[n].count or 1
    picks, planned, bookings = (coalesce(col(kind, "t"), lit(0)) for kind in KINDS)
    unsure, passing = col("undecided", "b"), col("passing", "b")
    possible = all_of(unsure > 0, exp.GTE(this=plus(picks, unsure), expression=lit(wanted)))
    branches = [
        (picks >= wanted, lit(MET), col("first_pick", "t")),
        (planned >= wanted, lit(BOOKED), col("booking", "t")),
        (possible, lit(UNKNOWN), col("unsure", "b")),
        (picks > 0, lit(OTHER), col("first_pick", "t")),
    ]
    close = case((passing >= wanted, number(Reason.TOO_CLOSE)), default=number(Reason.TOO_FEW))
    # What remains if something came in between: bookings, and rejected rows. One newer event is
    # enough, because only what came after the latest is considered.
    left = [
        (bookings >= wanted, lit(BOOKED), col("first_booking", "t")),
        (col("row_doubts", "b") > 0, lit(UNKNOWN), col("row_doubt", "b")),
    ]
    columns = [
        *(c.copy() for c in carried),
        named(
            case(
                *((c.copy(), k) for c, k, _ in branches), (known(col("nearest", "b")), lit(OTHER))
            ),
            "class",
        ),
        named(case(*((c.copy(), v) for c, _, v in branches), default=col("nearest", "b")), "found"),
        named(case(*((c.copy(), v) for c, _, v in left)), "second"),
        named(case(*((c.copy(), k) for c, k, _ in left)), "second_class"),
        *(c.copy() for c in also),
        named(
            case((picks.copy() >= wanted, _day("last_pick")), default=_day("last_planned")),
            "last_lo",
        ),
        named(_day("last_booking"), "second_last_lo"),
        named(case((picks.copy() > 0, close), default=cast(exp.null(), "INT")), "few"),
    ]
    joined = join(
        table(part.named(f"tally_{n}"), "t"),
        col("case_key", "t").eq(col("case_key", "b")),
        left=True,
    )
    return select(
        columns, table(part.named("best"), "b"), [joined], [col("requirement", "b").eq(n)]
    )
