"""What the organisation sanctions: the policy, where it comes from, which one is in force."""
