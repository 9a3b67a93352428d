"""What a running service does while somebody means it ill."""
