"""From a drawn figure to SVG text: the same bytes every time, accessible, safe beside other charts.

Text stays text (`svg.fonttype: none`), in a font that is named and never fetched. Every id begins
with the plot's key, so that several charts can be on one page. There is no style element, which
would affect the whole page, and no style attribute, which the policy of the web application
forbids.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from qi_checker.render.charts.style import TEXT, Canvas
from qi_checker.render.plots import Plot

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
# Characters that XML forbids, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@contextmanager
def settings() -> Iterator[None]:
    """Use the library's defaults with ours, not a user's matplotlibrc; restore them afterwards."""
    logger = logging.getLogger("matplotlib")  # reports caches and fonts, which do not concern users
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import matplotlib

        defaults = {k: v for k, v in matplotlib.rcParamsDefault.items() if k != "backend"}
        values: Any = {**defaults, **_OURS}
        with matplotlib.rc_context(values), warnings.catch_warnings():
            # The measuring font may lack letters of a name; the reader's font has them.
            warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
            yield
    finally:
        logger.setLevel(level)


_FONTS = ("DejaVu Sans", "Verdana", "Arial", "Helvetica")  # the widest of them is measured
_OURS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "qi-checker",
    "font.family": "sans-serif",
    "font.sans-serif": list(_FONTS),
    "font.size": TEXT,
    "text.parse_math": False,  # "$" in a name is a character
    "axes.unicode_minus": True,
    "path.simplify": False,
}


# Shown in the font of the page (reports/style.css), whose letters are narrower than the measured ones.
_PAGE = ("Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")
_MEASURED = ", ".join([*map(repr, _FONTS), "sans-serif"])
_FAMILY = ", ".join([*map(repr, _PAGE), "sans-serif"])


def text_of(canvas: Canvas, plot: Plot) -> str:
    """Return one svg element without XML declaration, for HTML or, with one, for a file."""
    root = ElementTree.fromstring(_FORBIDDEN.sub("\ufffd", _written(canvas)))
    inner = _inner(root)
    _prune(inner)
    _rename(inner, plot.key)
    _shorten(inner)
    _unstyle(inner)
    box = root.get("viewBox", "")
    names = (f"{plot.key}-title", f"{plot.key}-desc")
    picture = ElementTree.Element(
        "svg",
        {
            "xmlns": _SVG,
            "class": "chart",
            "viewBox": box,
            "role": "img",
            "aria-labelledby": " ".join(names),
        },
    )
    for tag, name, words in zip(
        ("title", "desc"), names, (plot.title, plot.description), strict=True
    ):
        element = ElementTree.SubElement(picture, tag, {"id": name})
        element.text = _FORBIDDEN.sub("\ufffd", words)
    picture.append(inner)
    return ElementTree.tostring(picture, encoding="unicode") + "\n"


def _written(canvas: Canvas) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.text import Text

    for words in canvas.figure.findobj(Text):
        if isinstance(words, Text):
            words.set_text(_FORBIDDEN.sub("\ufffd", words.get_text()))
    file = io.StringIO()
    drawing: Any = FigureCanvasSVG(canvas.figure)
    drawing.print_svg(file, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return file.getvalue()


def _inner(root: ElementTree.Element) -> ElementTree.Element:
    """Group the drawing, hidden from screen readers: title, description and table replace it."""
    inner = ElementTree.Element(
        "g",
        {
            "aria-hidden": "true",
            "stroke-linejoin": "round",
            "stroke-linecap": "butt",
            "font-family": _FAMILY,
        },
    )
    for child in root:
        name = child.tag.rpartition("}")[2]
        style = name == "defs" and any(c.tag.endswith("}style") for c in child)
        if name != "metadata" and not style:
            inner.append(child)
    return inner


def _prune(element: ElementTree.Element) -> None:
    """Remove empty groups, such as an axis without ticks."""
    for child in list(element):
        _prune(child)
        if child.tag.endswith(("}g", "}defs")) and not len(child):
            element.remove(child)


def _rename(inner: ElementTree.Element, key: str) -> None:
    """Prefix ids and references to them with the key; use plain names instead of namespaces."""
    for element in inner.iter():
        element.tag = element.tag.rpartition("}")[2]
        if "id" in element.attrib:
            element.set("id", f"{key}-{element.get('id')}")
        href = element.attrib.pop(_HREF, None)
        if href is not None:
            element.set("href", href.replace("#", f"#{key}-", 1))
        for name in ("clip-path", "style"):
            value = element.get(name)
            if value is not None:
                value = value.replace(f"font-family: {_MEASURED}; ", "")  # the group states it once
                element.set(name, value.replace("url(#", f"url(#{key}-"))


def _shorten(inner: ElementTree.Element) -> None:
    """Move the style of equal marks to their group; round positions to thousandths of a point."""
    for group in inner.iter("g"):
        marks = list(group)
        styles = {mark.get("style") for mark in marks}
        if len(styles) != 1 or any(mark.tag != "use" for mark in marks):
            continue
        look = styles.pop()
        if look is not None and "style" not in group.attrib:
            group.set("style", look)
            for mark in marks:
                del mark.attrib["style"]
        for mark in marks:
            for name in ("x", "y"):
                mark.set(name, f"{float(mark.get(name, 0)):.3f}")


def _unstyle(inner: ElementTree.Element) -> None:
    """Write each declaration of a style attribute as a separate attribute.

    SVG has an attribute for every property that the library writes (SVG 2, 6.6, presentation
    attributes). A rule of a style sheet would override it, so reports/style.css has none for
    charts.
    """
    for element in inner.iter():
        for declaration in element.attrib.pop("style", "").split(";"):
            name, _, value = declaration.partition(":")
            if name.strip():
                element.set(name.strip(), value.strip())
