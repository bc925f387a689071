# cython: language_level=3, boundscheck=False, wraparound=False
"""The Julia kernel for Cython: the inner loop has C types only."""


def julia(points, int limit):
    """Return for each point how many steps it takes to leave the circle of radius 2."""
    cdef double x, y, t, cx = -0.62772, cy = -0.42193
    cdef int count
    counts = []
    for z in points:
        x, y = z.real, z.imag
        count = 0
        while count < limit and x * x + y * y < 4.0:
            t = x * x - y * y + cx
            y = 2.0 * x * y + cy
            x = t
            count += 1
        counts.append(count)
    return counts
