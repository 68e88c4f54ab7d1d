"""`python -m kdviz`."""

import os

from kdviz.cli.main import main
from kdviz.jobs.cluster import PATIENT

os.environ.update(PATIENT)  # before torch is imported, which reads it once

main(prog_name="python -m kdviz")
