"""Order of the organ maps that go with every projection (path length in mm through each)."""

ORGANS = ("left upper lobe", "left lower lobe", "right upper lobe", "right middle lobe", "right lower lobe", "heart")
LEFT_LOBES, RIGHT_LOBES, HEART = (0, 1), (2, 3, 4), 5
