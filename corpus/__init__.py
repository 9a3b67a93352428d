"""How does a messy file become citable text?"""
