"""What a class can be asked: a new kind of task is one file here and one line in `catalog`."""
