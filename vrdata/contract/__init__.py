"""What operator, local run and worker tell each other: tasks, messages, failure records."""
