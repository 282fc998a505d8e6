"""Everything CartBridge keeps: the journal and the working tables, in PostgreSQL."""
