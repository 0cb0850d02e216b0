"""The marker lab: one region, and what every marker does to it."""
