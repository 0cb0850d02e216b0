"""The left-hand side: the X-ray, from its source to the canvas on which it is read and marked."""
