"""The Django application that holds the bookshelf's models."""
