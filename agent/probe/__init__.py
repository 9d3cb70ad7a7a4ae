"""Asks a server that the policy sanctions for its tools, shut away from everything else."""
