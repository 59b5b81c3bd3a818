"""Inspect an unknown export: what its tables hold, and a first mapping.yaml for it.

tables             read every table of an export
profiles           the values of its columns, and how their dates are written
export_words       names of columns and values that exports use
code_systems       the code system of a column
roles              the role of each column, and whether a table holds cases or events
propose            the mapping with a question for each doubt; block, one part of it;
                   date_columns, word_columns, code_columns: the columns of each kind;
                   operations, code_tables, patient_ids: rows and tables that belong together
proposal           the result, and what an answer changes
mapping_text       the proposal as YAML
dry_run            the first records that a mapping makes
"""
