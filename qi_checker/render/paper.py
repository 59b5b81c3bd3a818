"""Our pages on paper: the size of the paper, and how much of a list is printed."""

from __future__ import annotations

A4 = "a4"
PAPERS = (A4, "letter")
# Rows of a list as PDF: about 16 pages. Laying out 500 takes ten seconds or more and 430 MB.
MOST_ROWS = 200


def on_paper(page: str, paper: str) -> str:
    """Set the paper size of a page; the style sheet says A4."""
    if paper == A4:
        return page
    # Text is escaped, so the first match is the end of our own head.
    return page.replace("</head>", f"<style>@page {{ size: {paper} }}</style>\n</head>", 1)
