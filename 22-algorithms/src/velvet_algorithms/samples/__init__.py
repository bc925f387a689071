"""What is measured on: words and inputs, made by seed."""
