"""Material that is measured on: programs, seeded bugs, kits, styles. No lesson code."""
