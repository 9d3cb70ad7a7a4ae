"""What a person may see of themself: what is recorded, what is not, what is to be mended and why."""
