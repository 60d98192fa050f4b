"""From the broker into the store: decide, commit, acknowledge end to end."""
