"""Folders watched for changes."""
