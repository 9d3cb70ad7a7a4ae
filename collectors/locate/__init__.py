"""Which files to read: path index, projects, presence of clients, versions."""
