"""The picture of a recording: what was on the air, and what was made of it."""
