"""One task board on one core, drawn by four toolkits, and the instruments that compare them."""
