"""The ports on Redis and Valkey: one class a port, one Lua script a transition."""
