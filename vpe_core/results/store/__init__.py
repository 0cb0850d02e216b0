"""Run folders: written by the runner, read without torch."""
