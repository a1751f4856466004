"""Adapters: the ports of rrq_core on Redis, in memory and on an embedded server."""
