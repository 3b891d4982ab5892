"""Recipes that made the bundled networks of ir."""
