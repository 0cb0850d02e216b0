"""What of a class is shown: to who joins, to members, to who steers it, and on the projector."""
