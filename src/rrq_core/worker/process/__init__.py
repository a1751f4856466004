"""A task in a process of its own: how it is started, watched over, stopped, and what is kept of what it printed."""
