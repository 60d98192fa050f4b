"""The local API: HTTP with JSON over a Unix socket, for commands on the box and its agents."""
