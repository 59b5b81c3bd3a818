"""The SQL that reads OMOP rows as cases and events of the records contract.

Ids are numbers there and text here. Clock times are often missing, which OMOP writes as midnight.
"""

from __future__ import annotations

from qi_checker.sources.omop_tables import CLINICAL, OmopTables

# table -> what the names of its columns begin with, and those of its date and date-time
EVENT_TABLES = {
    CLINICAL: ("procedure", "procedure_date", "procedure_datetime"),
    "measurement": ("measurement", "measurement_date", "measurement_datetime"),
    "observation": ("observation", "observation_date", "observation_datetime"),
    "drug_exposure": ("drug", "drug_exposure_start_date", "drug_exposure_start_datetime"),
}


def cases_query(tables: OmopTables) -> str:
    """One case for every procedure that is an operation, in the order of their ids.

    Its diagnoses are the conditions of the same visit and those open on the day.
    """
    return f"""
        WITH operation AS ({_chosen_rows(tables, CLINICAL, is_case=True)})
        SELECT id AS case_id, patient_id, moment AS surgery_at, moment AS started_at,
            'performed' AS status, codes AS procedures,
            ({_diagnoses(tables)}) AS diagnoses,
            ({_admission(tables)}) AS admitted_at,
            provider AS surgeon
        FROM operation ORDER BY number"""


def events_query(tables: OmopTables) -> str:
    """Every chosen event of a patient who has a case, table by table in the order of ids."""
    parts = [
        f"SELECT {position} AS position, * FROM ({_chosen_rows(tables, table, is_case=False)})"
        for position, table in enumerate(EVENT_TABLES)
        if table in tables.sql
    ]
    return f"""
        WITH operation AS ({_chosen_rows(tables, CLINICAL, is_case=True)}),
        happened AS ({" UNION ALL ".join(parts)})
        SELECT id AS event_id, patient_id, kind, 'completed' AS status, moment AS "at",
            modality, region, codes, description, 'internal' AS provenance
        FROM happened WHERE patient_id IN (SELECT patient_id FROM operation)
        ORDER BY position, number"""


def _chosen_rows(tables: OmopTables, table: str, is_case: bool) -> str:
    """Rows of one table whose standard or, failing that, source concept was chosen."""
    stem, day, moment = EVENT_TABLES[table]

    def column(name: str) -> str:
        return tables.column(table, name, "o")

    concept = f"try_cast({column(f'{stem}_concept_id')} AS BIGINT)"
    source = f"try_cast({column(f'{stem}_source_concept_id')} AS BIGINT)"
    number = f"try_cast({column(f'{table}_id')} AS BIGINT)"
    return f"""
        SELECT '{stem}-' || {number} AS id,
            try_cast({column("person_id")} AS BIGINT)::VARCHAR AS patient_id,
            {_when(column(day), column(moment))} AS moment,
            {_codes(concept)} AS codes,
            coalesce(a.kind, b.kind) AS kind, coalesce(a.modality, b.modality) AS modality,
            coalesce(a.region, b.region) AS region, coalesce(standard.name, original.name) AS description,
            {column("provider_id")}::VARCHAR AS provider,
            try_cast({column("visit_occurrence_id")} AS BIGINT) AS visit, {number} AS number
        FROM {tables.sql[table]} AS o
        LEFT JOIN chosen AS a ON a.is_case = {is_case} AND a.concept_id = {concept}
        LEFT JOIN chosen AS b ON b.is_case = {is_case} AND b.concept_id = {source}
        LEFT JOIN ({_names(tables)}) AS standard ON standard.concept_id = {concept}
        LEFT JOIN ({_names(tables)}) AS original ON original.concept_id = {source}
        WHERE coalesce(a.kind, b.kind) IS NOT NULL"""


def _codes(concept: str) -> str:
    """The concept id, its code, and the code it was recorded under where that differs.

    Concept 0 means that there is no standard concept.
    """
    return (
        f"nullif(concat_ws(';', 'OMOP:' || nullif({concept}, 0), standard.code, "
        "CASE WHEN original.code IS DISTINCT FROM standard.code THEN original.code END), '')"
    )


def _names(tables: OmopTables) -> str:
    """The code and name of every concept. Without a vocabulary there are only ids."""
    if "concept" not in tables.sql:
        return "SELECT NULL::BIGINT AS concept_id, NULL AS code, NULL AS name LIMIT 0"
    return (
        "SELECT concept_id::BIGINT AS concept_id, concept_name AS name, "
        "vocabulary_id || ':' || concept_code::VARCHAR AS code "
        f"FROM {tables.sql['concept']} WHERE concept_id::BIGINT <> 0"
    )


def _when(day: str, moment: str) -> str:
    """A date-time; a date where the clock is at midnight. An unreadable date stays as it is."""
    stamp = f"try_cast({moment} AS TIMESTAMP)"
    date = f"coalesce(try_cast({day} AS DATE), try_strptime({day}::VARCHAR, '%Y%m%d')::DATE)"
    return (
        f"CASE WHEN {stamp}::TIME <> TIME '00:00:00' "
        f"THEN strftime({stamp}, '%Y-%m-%dT%H:%M:%S') "
        f"ELSE coalesce({date}::VARCHAR, {stamp}::DATE::VARCHAR, {day}::VARCHAR) END"
    )


def _diagnoses(tables: OmopTables) -> str:
    table = "condition_occurrence"
    if table not in tables.sql:
        return "NULL"

    def column(name: str) -> str:
        return tables.column(table, name, "o")

    concept = f"try_cast({column('condition_concept_id')} AS BIGINT)"
    source = f"try_cast({column('condition_source_concept_id')} AS BIGINT)"
    begins = _when(column("condition_start_date"), "NULL")
    ends = _when(column("condition_end_date"), "NULL")
    return f"""
        SELECT string_agg(DISTINCT {_codes(concept)}, ';' ORDER BY {_codes(concept)})
        FROM {tables.sql[table]} AS o
        LEFT JOIN ({_names(tables)}) AS standard ON standard.concept_id = {concept}
        LEFT JOIN ({_names(tables)}) AS original ON original.concept_id = {source}
        WHERE try_cast({column("person_id")} AS BIGINT)::VARCHAR = operation.patient_id
            AND (try_cast({column("visit_occurrence_id")} AS BIGINT) = operation.visit
                OR left(operation.moment, 10) BETWEEN {begins} AND coalesce({ends}, '9999'))"""


def _admission(tables: OmopTables) -> str:
    table = "visit_occurrence"
    if table not in tables.sql:
        return "NULL"
    day = tables.column(table, "visit_start_date", "o")
    moment = tables.column(table, "visit_start_datetime", "o")
    visit = tables.column(table, "visit_occurrence_id", "o")
    return f"""
        SELECT min({_when(day, moment)}) FROM {tables.sql[table]} AS o
        WHERE try_cast({visit} AS BIGINT) = operation.visit"""
