"""What people write about cases: notes, contacts, looks, waits, acknowledgements, IOUS entries.

models        the tables
writes        `People`: every write, each with its entry in the trail, in one transaction
reads         the entries as pages show them
privacy       export, pseudonymise and purge of one case
"""
