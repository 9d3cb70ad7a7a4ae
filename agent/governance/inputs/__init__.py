"""Files that administrators hand in."""
