"""`python -m qi_checker`."""

from qi_checker.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
