select
    batch, answer_id, prompt_id, prompt, sample_index, brand, own, mention_count, first_offset, depth, rank
from mentions join answers using (batch, answer, prompt_no) join prompts using (prompt_no) join brands using (brand_no)
