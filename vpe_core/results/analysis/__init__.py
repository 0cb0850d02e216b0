"""From stored results to numbers: scores, tables, controls, cases, curves."""
