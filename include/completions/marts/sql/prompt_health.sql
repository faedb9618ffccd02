select
    batch, prompt_id, prompt, topic, intent, count(*) as planned,
    count(*) filter (observed) as observed,
    count(*) filter (not observed) as failed,
    count(*) filter (counted) as counted,
    count(*) filter (counted and links_known) as counted_links
from captures join prompts using (prompt_no) left join topics using (prompt_id)
group by all
