"""Statistics of quality improvement: plain numbers in, plain numbers out; no cases, no files.

Each chart has its function, each formula its source; all of them raise ValueError for numbers
that cannot be counts, rates or limits. The package imports nothing else of the program.
"""
