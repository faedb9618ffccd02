"""What this project serves over HTTP to people and their programs."""
