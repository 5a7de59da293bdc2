"""`spywire doctor`: what would go wrong tonight, and what to do about it now."""
