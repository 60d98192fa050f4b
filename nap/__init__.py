"""The gateway daemon: whitelist, combine, spool, relay, status."""
