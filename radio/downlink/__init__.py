"""The downlink's decisions, pure: when, where, whether, and by which right."""
