"""The live demo: canvas, tools, answer, state and link."""
