"""What is usual for an agent, and what is not: profiles learned from its actions, and deviations from them."""
