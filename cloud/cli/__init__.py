"""The `nap-cloud` command: one module per subcommand."""
