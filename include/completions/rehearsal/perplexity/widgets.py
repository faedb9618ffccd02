"""Blocks beside the words that both front ends have: images, and what nobody knows the inside of."""

from __future__ import annotations

from completions.rehearsal.draft import Draft
from completions.rehearsal.perplexity.results import media_item
from completions.rehearsal.perplexity.thread import Block, whole


def widgets(draft: Draft) -> list[Block]:
    """Images; goods and places, of whose blocks only the names are known."""
    blocks = []
    if draft.images:
        items = [media_item(picture) for picture in draft.images]
        blocks.append(whole("media_items", "media_block", {"media_items": items}))
    if draft.products:
        blocks.append(whole("shopping_widgets", "shopping_block", {"rehearsed": True}))
    if draft.places:
        blocks.append(whole("place_widgets", "maps_mode_block", {"rehearsed": True}))
    return blocks
