"""What texts that models read hide."""
