"""How does a question become quotes, and through which doors?"""
