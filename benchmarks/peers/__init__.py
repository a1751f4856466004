"""Other task queues on Redis, each in an environment of its own, measured in the same way and in the same run."""
