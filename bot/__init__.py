"""留心 Liuxin."""

import os

# Said before NumPy or the sentence encoder is loaded, which read it once: one line is answered on one thread, and idle
# threads that spin would double its cost.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
