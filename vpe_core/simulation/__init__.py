"""Chest radiographs simulated from one CT: many patients, ten findings, exact ground truth. Always labelled simulated.

`ct` reads and cleans the CT, `projector` computes line integrals for a `patients.Pose`, `bases` keeps the healthy
projections, `findings` draw on a `scene.Scene`, `display` turns attenuation into a picture, `cases` plans and renders
one image, `sets` and `build` write whole data sets.
"""

from vpe_core.simulation.sets import SETS, SimulatedSet

names, get = SETS.names, SETS.get

__all__ = ["SETS", "SimulatedSet", "get", "names"]
