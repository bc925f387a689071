"""Text that looks right and is wrong: lengths, keys, decoding, patterns, keywords, logs."""
