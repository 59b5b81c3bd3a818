"""The desk: the data of the last night for the web application. It is not a history.

models      the tables: context of the night, the rows of each open case, its work item and actions
rewriting   the night rewrites changed rows, in one transaction
reading     rows and context of a case; judging a case from the desk alone
privacy     export, pseudonymise and purge of one case

It holds ids of patients and their relevant rows, from booking until some days after surgery; then
the next night removes them (docs/store.md).
"""
