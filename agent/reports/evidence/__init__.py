"""What an auditor files: pages, registers and lists, each a pure function of one subject."""
