"""Side-by-side measurements; each is a command. See benchmarks/README.md."""
