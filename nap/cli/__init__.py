"""The `nap` command: one module per subcommand."""
