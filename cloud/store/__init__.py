"""What was received, in SQLite or PostgreSQL: tables, migrations, one writer, flat reads."""
