"""How do passages become findable?"""
