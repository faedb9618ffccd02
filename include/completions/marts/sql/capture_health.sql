select
    batch, planned, planned - count(answer) as missing,
    count(answer) filter (outcome = 'answered') as answered,
    count(answer) filter (outcome = 'refused') as refused,
    count(answer) filter (outcome = 'no_answer') as no_answer,
    count(answer) filter (not observed) as failed,
    count(answer) filter (from_cache) as cached,
    count(answer) filter (duplicate) as duplicates,
    count(answer) filter (counted) as counted,
    answered as k, planned as n, unnest(rates(answered, planned)),
    count(latency_ms) filter (counted and outcome = 'answered') as timed,
    quantile_cont(latency_ms, 0.5) filter (counted and outcome = 'answered') as p50_ms,
    quantile_cont(latency_ms, 0.95) filter (counted and outcome = 'answered') as p95_ms
from batches left join captures using (batch)
group by batch, planned
