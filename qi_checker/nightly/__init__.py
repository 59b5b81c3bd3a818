"""The scheduled job: sources, evaluation, store, reports and digest, one after the other.

config, load        nightly.yaml and its errors
lock                one run at a time; the next run cleans up after a killed run
night               the run and its steps
database, waivers   the store of a night, and its exceptions
plausibility        checks of the records against earlier nights
reports, digests    the folder of reports, and sending the digest
feeds               sentences of the digest about late or incomplete sources
exception_requests  checks of a requested exception
outbox, smtp        queued messages and the mail server: a message is sent once or not at all
status              for machines: state of the last run, the log, metrics for Prometheus
health              healthcheck, and check-config
replay              past dates, as they would have been judged then
"""
