"""Ask the chat sites, keep what they showed."""
