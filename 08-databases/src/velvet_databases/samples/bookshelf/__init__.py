"""A bookshelf with every kind of relation, mapped three times: SQLAlchemy, Django, Peewee.

The shop of `domain` has foreign keys only. Here a publisher has authors, an author has one profile
and many books, books and tags are many to many, and the blurb of a book is deferred. What an N+1
detector has to see can be shown on it in a line each, in all three mappers with the same names.
"""

PUBLISHERS, AUTHORS, BOOKS, TAGS = 2, 4, 8, 3
