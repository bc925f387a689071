"""One file a subject, each registering a workload and its contenders; see `contenders`."""
