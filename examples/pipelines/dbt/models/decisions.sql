-- The table that is audited, also written as a file that `noiseaudit check` reads.
{{ config(materialized='external', location='decisions.parquet') }}
select "case", judge, decision
from {{ source('case_system', 'export') }}
