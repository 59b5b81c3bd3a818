"""The desk: what the web application reads of the last night. It is no history.

models      the tables: what the night knew, the rows of each open case, its work item and actions
rewriting   the night rewrites what changed, in one transaction
reading     rows and context of a case; a case judged from its desk alone
privacy     export, pseudonymise and purge of one case

It holds ids of patients and their relevant rows, from booking until some days after surgery; then the
next night removes them (docs/store.md).
"""
