"""What `cartbridge connector new` writes: a small connector that works, to be made a real one."""
