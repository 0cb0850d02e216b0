"""Results that come and go as files: archives, score tables, the official code's folders, reports."""
