"""The catalogue as the command line works on it: try a source, add it, list, import and export."""
