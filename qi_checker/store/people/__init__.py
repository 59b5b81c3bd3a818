"""What people write about cases: notes, contacts, looks, waits, acknowledgements, IOUS entries.

models        the tables
writes        `People`: every write, each with its entry in the trail, in one transaction
reads         what a page shows of it
privacy       export, pseudonymise and purge of one case
"""
