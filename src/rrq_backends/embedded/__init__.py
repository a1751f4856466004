"""`embedded://`: a private server on this machine, started on demand, shared by the user's processes, durable."""
