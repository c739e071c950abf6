"""What is measured and what is tried hard: figures (`python -m bench`), kills (`python -m bench.kill`)."""
