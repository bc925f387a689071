"""What is measured on: programs to be killed, and scripted changes of three shops."""
