"""What notebooks run in, when their outputs are made and when they are tested: set here, and nowhere else.

`calm()` is called by run_notebooks.py and test_notebooks.py before anything that computes is loaded. What you have set yourself stays as it is.
"""
import atexit
import os
import shutil
import tempfile


def calm(environ=os.environ):
    "Few threads that wait quietly, and a cache folder that is nobody's."
    # Two notebooks at a time on two cores: with two threads each, they would spend most of their time waiting for each other.
    environ.setdefault("OMP_NUM_THREADS", "1")
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")    # a thread that waits gives its core away: the command `vibrec` sets the same
    if "VIBREC_CACHE" not in environ:                   # features that are kept are the user's, and tests neither read nor leave any
        environ["VIBREC_CACHE"] = tempfile.mkdtemp(prefix="vibrec-notebooks-")
        atexit.register(shutil.rmtree, environ["VIBREC_CACHE"], ignore_errors=True)
