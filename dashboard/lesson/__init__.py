"""The lesson: nine steps, each a guess, an answer that is computed for it, and one thing to try."""
