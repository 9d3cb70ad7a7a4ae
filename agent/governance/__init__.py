"""What should be: policy, accountability, trust, rules and their findings."""
