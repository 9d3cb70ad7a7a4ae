"""What a server reaches: data sources, services, folders."""
