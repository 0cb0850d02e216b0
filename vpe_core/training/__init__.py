"""Training of the embedded models: captions, batches with hand-drawn markers, losses, and a resumable loop."""
