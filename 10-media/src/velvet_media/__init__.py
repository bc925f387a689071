"""Media from strangers: look before decoding, decode in bounds, shrink without lies, leak nothing."""
