"""What clients report of themselves by OTLP: a second source of actions beside their transcripts."""
