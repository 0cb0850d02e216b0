from vpe_core.ui.page import page_setup

page_setup("Overview")
