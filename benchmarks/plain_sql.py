"""The minimum: one hand-written query that decides met or not met.

No reasons, no near misses, no exceptions, no partial dates, no duplicates, no rejected rows.
"""

import sys

import duckdb

folder = sys.argv[1]
con = duckdb.connect()
con.execute("SET memory_limit = '2GB'; SET threads = 2")
con.execute(f"""
    COPY (SELECT c.case_id,
                 coalesce(bool_or(e.modality = 'CT'), false) AS ct,
                 coalesce(bool_or(e.modality = 'MR'), false) AS mri
          FROM '{folder}/cases.parquet' c
          LEFT JOIN '{folder}/events.parquet' e
               ON e.patient_id = c.patient_id AND e.status = 'completed' AND e.kind = 'imaging'
              AND e.region IN ('liver', 'abdomen', 'abdomen-pelvis', 'chest-abdomen-pelvis')
              AND CAST(e.at AS DATE) BETWEEN CAST(c.surgery_at AS DATE) - 30
                                         AND CAST(c.surgery_at AS DATE)
              AND e.at < c.surgery_at
          WHERE c.status <> 'cancelled' AND c.urgency <> 'emergency'
          GROUP BY c.case_id)
    TO '{folder}/plain.parquet' (FORMAT PARQUET)""")
