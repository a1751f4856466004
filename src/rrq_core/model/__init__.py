"""What things are: tasks, workers, messages, values, ids and statuses. Data only, without behaviour of its own."""
