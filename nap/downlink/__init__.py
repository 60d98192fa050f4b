"""Downlinks as the gateway sees them: commands of the cloud, what became of them, confirmations."""
