"""The scheduled job: sources, evaluation, store, reports and digest, one after the other.

config, load      nightly.yaml, and what is wrong with it
lock              one run at a time; what a killed run leaves is taken over
night             the run and its steps
keeping, waivers  the store of a night, and the exceptions that it holds
reports, telling  the folder of reports, and the digest
feeds             what the digest says of sources that are late or half empty
outbox, smtp      messages that wait, and the mail server: sent once or not at all
status            what a machine reads: how the last run went, the log, metrics for Prometheus
health            healthcheck, and check-config
replay            past dates, as they would have been judged then
"""
