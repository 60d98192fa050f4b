"""The spool: what was received and not yet confirmed by every destination, on disk."""
