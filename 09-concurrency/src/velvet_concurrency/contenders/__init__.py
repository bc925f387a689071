"""One file a way of fetching, each with the same `fetch(url, n, **options) -> FetchResult`."""
