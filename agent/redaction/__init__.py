"""Secrets taken out of command lines, URLs and text, where they are read."""
