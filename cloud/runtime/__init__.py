"""How the program's services live and end together."""
