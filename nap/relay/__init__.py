"""The relay: brings what the spool holds to each destination, whatever breaks on the way."""
