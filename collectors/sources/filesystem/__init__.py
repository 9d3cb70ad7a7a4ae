"""Bounded reading of files and folders that anybody may have written."""
