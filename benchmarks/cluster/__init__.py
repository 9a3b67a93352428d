"""What a collection costs in Milvus: bytes and times of a passage, and what follows for many."""
