"""What is measured on: hostile wheels, clean ones, and a real attestation."""
