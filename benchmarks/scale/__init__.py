"""What a collection costs as it grows: time to build, disk, memory, time of a question, and what is still found."""
