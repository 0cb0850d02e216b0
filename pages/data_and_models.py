"""Data and models: what is on this machine, and how to get the rest."""

import streamlit as st

from dashboard.benchmark.own_data import own_data_section
from dashboard.demo.state.address import OWN
from dashboard.demo.state.demo_state import FROM_CASE
from dashboard.demo.state.state_link import LINK_FIELDS
from dashboard.frame import links
from dashboard.frame.page import page_link, page_setup
from dashboard.frame.progress import model_download, xrays_download
from dashboard.frame.rights import may
from dashboard.frame.server_figures import this_server
from dashboard.frame.unknown_in_link import KNOWN_IN_LINKS, WORDING
from dashboard.frame.words import as_text
from dashboard.lesson.progress import STEP
from dashboard.library.dataset_check import dataset_card
from vpe_core import datasets, models
from vpe_core.datasets.gallery import real_xrays, simulated_gallery
from vpe_core.datasets.real_xrays import missing_xrays
from vpe_core.errors import VPEError
from vpe_core.models import ModelSpec


def model_card(spec: ModelSpec) -> None:
    """A model: what it was trained on, its licence, and whether it is here."""
    ready = models.is_ready(spec)
    with st.container(border=True, key=f"model_{spec.name}"):
        badge = ":blue-badge[ready]" if ready else ":gray-badge[not here]"
        simulated = " :gray-badge[simulated X-rays only]" if spec.simulated_only else ""
        st.markdown(f"**{as_text(spec.title)}** {badge}{simulated}")
        facts = [spec.domain, f"Licence: {spec.licence}."]
        if spec.paper:
            facts.append(f"{spec.paper}.")
        st.caption(as_text(" ".join(facts)))
        if not ready:
            model_download(spec)


def xrays() -> None:
    """The X-rays that are here, and those that can be fetched."""
    simulated, real, missing = simulated_gallery(), real_xrays(), missing_xrays()
    st.markdown(f"**{len(simulated)} simulated X-rays** come with the app.")
    st.caption(
        "They are computed from a CT, with findings drawn in by a simulation: nobody's disease. "
        "Everything that is simulated is marked so."
    )
    st.markdown(f"**{len(real) - len(missing)} of {len(real)} real, public X-rays** are here.")
    st.caption(
        "NIH ChestX-ray14 (Wang et al., CVPR 2017), no restriction on use. Fetched once, checked by hash, "
        "kept on the machine that runs the app."
    )
    xrays_download()


def data_sets() -> None:
    """The data sets that a benchmark can run on; those that are here can be checked."""
    st.caption(
        "What a benchmark runs on. The app looks for the real ones in the folder that the setting VPE_DATASETS_DIR "
        "names, one sub-folder each; `python -m vpe_core datasets check NAME --root DIR` checks any other folder."
    )
    page_link("pages/benchmark.py", "Run a benchmark on one of them", icon=":material/play_circle:")
    columns = st.columns(2, gap="large")
    for position, name in enumerate(datasets.names()):
        with columns[position % 2]:
            if name == "table":
                own_data_section(run=False)
            else:
                dataset_card(datasets.get(name))


page_setup("Data and models", "What is on this machine, and how to get the rest.")
links.say_unknown("this page", (*KNOWN_IN_LINKS, *LINK_FIELDS, OWN, STEP), (FROM_CASE, WORDING))
try:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Models", anchor=False)
        for name in models.selectable_names():
            model_card(models.get(name))
    with right:
        st.header("X-rays", anchor=False)
        xrays()
        st.header("Your own", anchor=False)
        st.caption(
            "X-rays uploaded in the live demo stay in the session that made them, and are never written to disk. "
            "A table of your own, with its X-rays, lies in a temporary folder as long as the session lasts. "
            "Other models can be allowed with the setting VPE_ALLOWED_MODELS."
        )
    st.header("Data sets", anchor=False)
    data_sets()
    if may("admin"):
        this_server()
except VPEError as error:
    st.error(as_text(str(error)), icon=":material/error:")
