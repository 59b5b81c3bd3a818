"""Units against exact binomial limits: not a league table, nobody is ranked."""

from __future__ import annotations

from qi_checker.render.charts import style
from qi_checker.render.charts.style import Canvas, Level
from qi_checker.render.plots import Funnel, Unit

_KINDS = (
    ("common", "o", style.COMMON, (0,), "within the limits"),
    ("concern-inner", "^", style.CONCERN, (-1,), "below 95%"),
    ("concern", "^", style.CONCERN, (-2,), "below 99.8%"),
    ("improvement-inner", "D", style.IMPROVEMENT, (1,), "above 95%"),
    ("improvement", "D", style.IMPROVEMENT, (2,), "above 99.8%"),
)

_LETTERS = 14  # maximum length of a unit's name; pseudonyms are shorter
Box = tuple[float, float, float, float]  # left, floor, right, ceiling


def picture(plot: Funnel) -> Canvas:
    """Draw rate against number of cases, with limits as steps because cases are whole numbers."""
    canvas = style.canvas(336, bottom=92)
    axes = canvas.axes
    shown = [u for u in plot.units if u.events is not None and u.cases]
    most = max([*(u.cases or 0 for u in shown), *(c.cases for c in plot.curve)])
    axes.set_xlim(0, 1.04 * most)
    style.percent_axis(canvas)
    _limits(canvas, plot)
    for gid, marker, color, sides, _ in _KINDS:
        hollow = {"markerfacecolor": "white"} if gid.endswith("inner") else {}
        style.marks(
            canvas, [_place(u) for u in shown if u.side in sides], gid, marker, color, 7, **hollow
        )
    _names(canvas, shown)
    axes.set_xlabel("cases", color=style.INK, fontsize=style.TEXT)
    style.whole_numbers(canvas)
    _key(canvas, shown)
    return canvas


def _place(unit: Unit) -> tuple[float, float]:
    cases = unit.cases or 1
    return float(cases), (unit.events or 0) / cases


def _limits(canvas: Canvas, plot: Funnel) -> None:
    axes, xs = canvas.axes, [c.cases for c in plot.curve]
    outer = ([c.low_998 for c in plot.curve], [c.high_998 for c in plot.curve])
    inner = ([c.low_95 for c in plot.curve], [c.high_95 for c in plot.curve])
    for ys, name in zip(outer, ("outer-low", "outer-high"), strict=True):
        axes.step(xs, ys, where="mid", color=style.COMMON, linewidth=1.3, gid=name)
    for ys, name in zip(inner, ("inner-low", "inner-high"), strict=True):
        axes.step(xs, ys, where="mid", color=style.COMMON, linewidth=1, dashes=(1.5, 2), gid=name)
    axes.axhline(plot.target, color=style.BLACK, linewidth=1.3, dashes=(5, 3))
    percent = f"{100 * plot.target:.1f}".removesuffix(".0")
    levels = [Level(plot.target, f"target {percent}%")]
    if plot.curve:
        levels.append(Level(outer[0][-1], "99.8% limit", style.MUTE))
        levels.append(Level(inner[0][-1], "95% limit", style.MUTE))
    style.name_levels(canvas, levels)


def _names(canvas: Canvas, units: list[Unit]) -> None:
    """Write each unit's name beside its mark, at the first of several places that is free."""
    low, high = canvas.axes.get_xlim()
    floor, ceiling = canvas.axes.get_ylim()
    at = [
        ((x - low) / (high - low) * canvas.width, (y - floor) / (ceiling - floor) * canvas.height)
        for x, y in map(_place, units)
    ]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]
    for unit, (x, y) in zip(units, at, strict=True):
        text = _short(unit.name)  # names are letters, so they have no C or I in front
        wide = style.width_of(text, style.SMALL)
        boxes = [(dx, dy, _box(x + dx, y + dy, wide)) for dx, dy in _offsets(wide)]
        free = [b for b in boxes if _fits(b[2], canvas.width) and not _touched(b[2], taken)]
        dx, dy, box = (free or boxes)[0]
        taken.append(box)
        canvas.axes.annotate(
            text,
            _place(unit),
            (dx, dy),
            textcoords="offset points",
            va="center",
            color=style.INK,
            fontsize=style.SMALL,
            zorder=2.5,
            bbox={"fc": "white", "ec": "none", "pad": 0.3},
        )


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def _offsets(wide: float) -> tuple[tuple[float, float], ...]:
    """Return places right, left, above and below, then further away: in points from the mark."""
    left = -7 - wide
    return (
        (7, 0),
        (left, 0),
        (-wide / 2, 11),
        (-wide / 2, -11),
        (7, 11),
        (7, -11),
        (left, 11),
        (left, -11),
        (7, 22),
        (7, -22),
        (left, 22),
        (left, -22),
        (-wide / 2, 22),
    )


def _box(x: float, y: float, wide: float) -> Box:
    return x, y - 5, x + wide, y + 5


def _fits(box: Box, width: float) -> bool:
    return box[0] >= 0 and box[2] <= width + 4


def _touched(a: Box, taken: list[Box]) -> bool:
    return any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in taken)


def _key(canvas: Canvas, units: list[Unit]) -> None:
    sides = {u.side for u in units}
    entries = []
    for gid, marker, color, of, words in _KINDS:
        if sides & set(of):
            hollow = {"markerfacecolor": "white"} if gid.endswith("inner") else {}
            entries.append((words, marker, {"color": color, **hollow}))
    style.key(canvas, entries, 52)
