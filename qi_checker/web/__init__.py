"""The coordinator's web application: what the night found, and what people do about it.

settings, runtime   Django's settings; nightly.yaml, protocols and the clock, as a worker holds them
access              one table: page, role, scope; from it come addresses, refusals and docs/web.md
models              accounts, their roles and sites, tokens
middleware          sessions, headers, what a page says when the database is busy or full
pages               one environment for templates; what every page is given
accounts, signin, oidc    who somebody is
server              gunicorn, and how it is started

It never loads DuckDB: one case is judged by `judging`, everything counted was counted by the night.
"""
