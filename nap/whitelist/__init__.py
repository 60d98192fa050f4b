"""The owner's list of device ids: only those are served."""
