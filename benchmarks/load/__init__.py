"""What a running service does under load, up to its capacity and beyond."""
