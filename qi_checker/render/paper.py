"""Pages of ours for a printer: the size of the paper, and what goes on paper and what does not."""

from __future__ import annotations

A4 = "a4"
PAPERS = (A4, "letter")
# Rows of a list as PDF: about 16 pages. Laying out 500 takes ten seconds or more and 430 MB.
MOST_ROWS = 200


def on_paper(page: str, paper: str) -> str:
    """A page whose prints are of this size; the style sheet says A4."""
    if paper == A4:
        return page
    # Texts are escaped, so the first one is the end of our own head.
    return page.replace("</head>", f"<style>@page {{ size: {paper} }}</style>\n</head>", 1)
