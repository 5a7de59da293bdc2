"""Teaching the gate: labels, candidate models, promotion, and asking people about what was rejected."""
