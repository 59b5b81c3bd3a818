"""The scheduled job: sources, evaluation, store, reports and digest, one after the other.

config, load      nightly.yaml and its errors
lock              one run at a time; the next run cleans up after a killed run
night             the run and its steps
keeping, waivers  the store of a night, and the exceptions that it holds
reports, telling  the folder of reports, and sending the digest
feeds             sentences of the digest about late or half-empty sources
outbox, smtp      queued messages and the mail server: a message is sent once or not at all
status            for machines: state of the last run, the log, metrics for Prometheus
health            healthcheck, and check-config
replay            past dates, as they would have been judged then
"""
