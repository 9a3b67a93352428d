"""Whether each answer is of one state of the collection, whatever is put in and withdrawn meanwhile."""
