"""What is true now: collectors are run, facts kept, records derived and stored."""
