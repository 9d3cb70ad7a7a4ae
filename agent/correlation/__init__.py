"""Facts joined: definition with process, process with socket, layers of settings to one posture."""
