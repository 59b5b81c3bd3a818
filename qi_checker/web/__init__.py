"""The coordinator's web application: the results of the night, and people's actions on them.

settings, runtime   Django's settings; nightly.yaml, protocols and the clock of a worker
access              one table of page, role and scope, the source of addresses, refusals and
docs/web.md models              accounts, their roles and sites, tokens middleware
sessions, headers, messages when the database is busy or full pages               one environment
for templates; the values of every page accounts, signin, oidc    identity of people server
gunicorn, and its start

It never loads DuckDB: `judging` judges one case, and all counts come from the night.
"""
