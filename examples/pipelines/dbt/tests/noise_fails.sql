select * from {{ ref('noise_check') }} where status = 'fail'
