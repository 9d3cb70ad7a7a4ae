"""What sessions ran with, from the clients' own transcripts."""
