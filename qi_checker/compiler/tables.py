"""The ready tables that compiled queries read and the tables that they fill.

An engine makes the ready tables out of its records; the compiler knows nothing else of it.

`ready_cases`     case_key, case_id, patient_id, cancelled, upcoming, anchor DATE, op_clock and
                  op_utc TIMESTAMP, the other columns of the contract as text, and the columns
                  of the hospital that the protocol reads, as own_<name>
`ready_events`    event_id, patient_id, profile, lo and hi DATE, clock and utc TIMESTAMP,
                  description; known at as_of, entered-in-error left out
`event_doubts`    the same of rejected rows that might be evidence, with `doubt` (a reason) and
                  `row`; profile NULL where nothing of the row can be read
`event_profiles`  profile, kind, status, codes, modalities and regions (arrays), modality_unsure,
                  region_unsure, never, warns: what events that look alike have in common
`code_texts`      text, list: the texts of codes that hold a code of a code list
`ready_exceptions` exception_id, case_id, requirement, reason, requested_by, approved_by,
                  approved_on DATE, approved_known, valid_from, expires_on, revoked_on DATE, known
`act_by`          lead, day, act_by: a day less so many working days
"""

READY_CASES = "ready_cases"
READY_EVENTS = "ready_events"
EVENT_DOUBTS = "event_doubts"
EVENT_PROFILES = "event_profiles"
CODE_TEXTS = "code_texts"
READY_EXCEPTIONS = "ready_exceptions"
ACT_BY = "act_by"

POPULATION = "population"  # ready_cases with version, not_applicable (a reason) and excluded_by
EXCEPTIONS = "exceptions_judged"  # exception_id, case_key, requirement, expires_on, ignored (why)
FACTS = "finding_facts"  # status, reason and evidence per case and requirement; no words
VERDICTS = "case_verdicts"  # verdict per case, which requirement is next, last day
FINDINGS = "findings_full"  # view: facts with every column of a finding, sentences included
CASES = "cases_full"  # view: verdicts with every column of a case
