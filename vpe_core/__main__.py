"""`python -m vpe_core`: the command line."""

from vpe_core.cli import app

if __name__ == "__main__":
    app(prog_name="python -m vpe_core")
