"""How the programs run: services, supervision, the service manager."""
