"""What this module measures on: slow programs, kernels, a service; no lesson in themselves."""
