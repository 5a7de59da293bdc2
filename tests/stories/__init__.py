"""Events that were made up, as several outlets would report them, and how well they are told apart."""
