"""A page as PDF: tagged for screen readers (PDF/UA-1), and the same bytes for the same page.

WeasyPrint lays it out. It is optional, since it needs libraries of the system (Pango, HarfBuzz);
`scripts/native.sh` installs them on Debian and Ubuntu.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qi_checker.errors import Problem, UserError

_VARIANT = "pdf/ua-1"
_PACKAGES = (
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-liberation"
)


def check_pdf() -> None:
    """Load WeasyPrint; raise UserError if it or its libraries are missing."""
    _weasyprint()


def pdf_of(page: str) -> bytes:
    """Convert one of our HTML pages to PDF. Raise UserError without WeasyPrint or its libraries.

    A report calls it with its HTML page: `pdf_of(on_paper(page, paper))`.

    Nothing is fetched. A page that refers to any address except `data:` raises ValueError: no
    template does this, so somebody found a way to insert one, and WeasyPrint would silently leave
    it out.
    """
    weasyprint = _weasyprint()
    refused: list[str] = []
    document = weasyprint.HTML(string=page, url_fetcher=_fetcher(refused))
    with _no_time():
        made = document.write_pdf(pdf_variant=_VARIANT, finisher=_scopes)
    if refused:
        raise ValueError(f"a page refers to an external address, by {refused[0]}:")
    assert isinstance(made, bytes)
    return made


def _scopes(_document: Any, pdf: Any) -> None:
    """Mark every header cell as a header of a column or a row (PDF/UA-1, 7.5)."""
    by_reference = {item.reference: item for item in pdf.objects}
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("S") == "/TH":
            row = by_reference[item["P"]]
            section = by_reference[row["P"]]
            item["A"]["Scope"] = "/Column" if section.get("S") == "/THead" else "/Row"


@contextmanager
def _no_time() -> Iterator[None]:
    """Keep the time out of fonts: without HarfBuzz, fontTools subsets them and writes the time."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _fetcher(refused: list[str]) -> Any:
    """Return a fetcher that opens `data:` addresses and notes the scheme of all others."""
    from weasyprint.urls import URLFetcher

    class OnlyData(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
        def fetch(self, url: str, headers: Any = None) -> Any:
            scheme = url.partition(":")[0].lower()
            if scheme != "data":
                # Noted, since WeasyPrint ignores every error inside an image.
                refused.append(scheme)
                raise ValueError("refused")
            return super().fetch(url, headers)

    return OnlyData(allowed_protocols={"data"}, allow_redirects=False)


def _weasyprint() -> Any:
    try:
        with warnings.catch_warnings():
            # Without libharfbuzz-subset, fonts are subset in a slower way that also works.
            warnings.simplefilter("ignore", DeprecationWarning)
            import weasyprint
    except ImportError:
        raise UserError(
            Problem(
                "--format pdf",
                "WeasyPrint, which writes the PDF, is not installed",
                "",
                'Install it: python -m pip install "qi-checker[pdf]"; or write HTML and print '
                "it from a browser",
            )
        ) from None
    except OSError:
        raise UserError(
            Problem(
                "--format pdf",
                "WeasyPrint is installed, but not the libraries that it needs",
                "It lays out text with Pango and HarfBuzz",
                f"Install them (Debian, Ubuntu: apt install {_PACKAGES}; macOS: brew install "
                "pango), or write HTML and print it from a browser",
            )
        ) from None
    # It would warn about every property of the style sheet that paper does not have.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    return weasyprint
