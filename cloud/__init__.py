"""The self-hosted cloud: core network and, later, the fleet's management."""
