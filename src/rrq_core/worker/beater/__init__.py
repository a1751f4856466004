"""What keeps workers' heartbeats going, passes signals on to them, and reports their end: a process, or a thread."""
