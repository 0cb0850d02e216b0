"""The parts of the marker lab, a file each: what is set, and what is shown of a study."""
