"""The kinds of target, one file each."""
