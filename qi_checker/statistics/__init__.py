"""Statistics of the reports, from their formulas; the standard library only."""
