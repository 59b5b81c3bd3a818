"""Statistics of quality improvement: plain numbers in, plain numbers out; no case, no file.

Each chart has its function, each formula its source; all of them raise ValueError for numbers
that cannot be counts, rates or limits. Nothing here knows the rest of the program.
"""
