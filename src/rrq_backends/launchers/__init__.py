"""Places to run workers in: this machine, and Slurm."""
