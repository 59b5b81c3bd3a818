"""Check scheduled operations against a quality protocol: a scan in time, not just a scan.

The public API is on this page; every command of `qi-checker` is built from it.
"""

__version__ = "0.1.0"
