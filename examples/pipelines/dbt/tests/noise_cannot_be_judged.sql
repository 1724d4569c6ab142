{{ config(severity='warn') }}
select * from {{ ref('noise_check') }} where status = 'unknown' or warning
