"""What all pages share: set-up, words, progress, uploads, models."""
