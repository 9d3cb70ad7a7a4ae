"""This process: logs, lazy imports, child processes, locks, atomic files, caches."""
