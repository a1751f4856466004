"""What people call: plain functions over the ports, by noun, and the handles and controllers whose methods they are."""
