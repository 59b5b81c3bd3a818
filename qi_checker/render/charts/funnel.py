"""Units against exact binomial limits: not a league table, nobody is ranked."""

from __future__ import annotations

from qi_checker.render.charts import canvas as draw
from qi_checker.render.charts.canvas import Canvas, Entry, Level, Place
from qi_checker.render.html import clip
from qi_checker.render.plots import Funnel, Unit

_KINDS = (
    ("common", "circle", draw.COMMON, 0, "within the limits"),
    ("concern-inner", "triangle", draw.CONCERN, -1, "below 95%"),
    ("concern", "triangle", draw.CONCERN, -2, "below 99.8%"),
    ("improvement-inner", "diamond", draw.IMPROVEMENT, 1, "above 95%"),
    ("improvement", "diamond", draw.IMPROVEMENT, 2, "above 99.8%"),
)

_LETTERS = 14  # maximum length of a unit's name; pseudonyms are shorter
_BELOW = 38  # the names of the axis take one line
Box = tuple[float, float, float, float]  # left, ceiling, right, floor


def picture(plot: Funnel, narrow: bool) -> Canvas:
    """Draw rate against number of cases, with limits as steps because cases are whole numbers."""
    shown = [u for u in plot.units if u.events is not None and u.cases]
    levels = _levels(plot)
    key = draw.key_of(_key(shown), levels, narrow)
    bottom = _BELOW + draw.key_height(key, narrow)
    canvas = draw.canvas(plot.key, narrow, 210, top=16, bottom=bottom)
    most = max([*(u.cases or 0 for u in shown), *(c.cases for c in plot.curve)])
    canvas.xs = (0, 1.04 * most)
    draw.percent_axis(canvas)
    _limits(canvas, plot)
    draw.name_levels(canvas, levels)
    for name, shape, color, side, _ in _KINDS:
        places = canvas.at(_place(u) for u in shown if u.side == side)
        canvas.marks(places, name, shape, color, 7, _fill(name))
    _names(canvas, shown)
    ticks = draw.round_ticks(0, 1.04 * most, 8)
    draw.below_axis(canvas, [(tick, (f"{tick:g}",)) for tick in ticks])
    canvas.text("cases", canvas.left + canvas.width / 2, canvas.floor + 30, anchor="middle")
    draw.key(canvas, key, _BELOW)
    return canvas


def _place(unit: Unit) -> Place:
    cases = unit.cases or 1
    return float(cases), (unit.events or 0) / cases


def _fill(name: str) -> str:
    return draw.WHITE if name.endswith("inner") else ""


def _levels(plot: Funnel) -> list[Level]:
    levels = [Level(plot.target, f"target {draw.percent(plot.target)}", draw.BLACK, draw.DASHED)]
    if plot.curve:
        last = plot.curve[-1]
        levels.append(Level(last.low_998, "99.8% limit", draw.MUTE, width=1.3))
        levels.append(Level(last.low_95, "95% limit", draw.MUTE, draw.DOTTED, 1))
    return levels


def _limits(canvas: Canvas, plot: Funnel) -> None:
    for name in ("low_998", "high_998", "low_95", "high_95"):
        if plot.curve:
            # Each limit holds for a whole number of cases: from half a case before to half after.
            corners = [(c.cases - 0.5, getattr(c, name)) for c in plot.curve]
            corners.append((plot.curve[-1].cases + 0.5, corners[-1][1]))
            inner = name.endswith("95")
            dash, width = (draw.DOTTED, 1.0) if inner else ("", 1.3)
            steps = canvas.at(corners)
            canvas.line(steps, draw.COMMON, width, dash, steps=True, name=name.replace("_", "-"))
    canvas.level(plot.target, *canvas.xs, draw.BLACK, 1.3, draw.DASHED)


def _names(canvas: Canvas, units: list[Unit]) -> None:
    """Write each unit's name beside its mark, at the first of several places that is free."""
    at = canvas.at(map(_place, units))
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]
    for unit, (x, y) in zip(units, at, strict=True):
        text = clip(unit.name, _LETTERS)  # names are letters, so they have no C or I in front
        wide = draw.width_of(text, draw.SMALL)
        boxes = [_box(x + dx, y - dy, wide) for dx, dy in _offsets(wide)]
        free = [b for b in boxes if _fits(b, canvas) and not _touched(b, taken)]
        left, ceiling, _, floor = box = (free or boxes)[0]
        taken.append(box)
        canvas.rect(left, ceiling, wide, floor - ceiling, draw.WHITE)
        canvas.text(text, left, ceiling + 5 + 0.35 * draw.SMALL, size=draw.SMALL)


def _offsets(wide: float) -> tuple[Place, ...]:
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


def _fits(box: Box, canvas: Canvas) -> bool:
    return box[0] >= canvas.left and box[2] <= canvas.right + 4


def _touched(a: Box, taken: list[Box]) -> bool:
    return any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in taken)


def _key(units: list[Unit]) -> list[Entry]:
    sides = {u.side for u in units}
    return [
        Entry(words, color, shape, _fill(name))
        for name, shape, color, side, words in _KINDS
        if side in sides
    ]
