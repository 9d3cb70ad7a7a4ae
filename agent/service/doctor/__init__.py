"""What keeps Rollcall from seeing, keeping or delivering on this machine, each with what to do about it."""
