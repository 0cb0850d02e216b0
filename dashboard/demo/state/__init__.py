"""What the live demo shows, as a state: in the session, in the address bar, and step by step for undo."""
