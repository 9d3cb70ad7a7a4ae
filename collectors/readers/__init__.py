"""What one file says: servers, posture, artifacts, providers, sign-ins."""
