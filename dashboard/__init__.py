"""The app: everything that imports Streamlit. The library under it is `vpe_core`."""
