"""OpenCL: a kernel of its own, on a GPU or, with PoCL, on the CPU."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyopencl as cl

from velvet_media.device import taps
from velvet_media.errors import BackendUnavailable
from velvet_media.images import Image

KERNEL = """
__kernel void pass(__global const float *in, __global float *out, __constant float *weights,
                   int radius, int length, int step, int channels) {
    int at = get_global_id(0);
    int place = (at / step) % length;
    float total = 0;
    for (int i = -radius; i <= radius; i++)
        total += weights[i + radius] * in[at + (clamp(place + i, 0, length - 1) - place) * step];
    out[at] = total;
}
"""


@lru_cache(maxsize=1)
def _ready() -> tuple[cl.Context, cl.Kernel]:
    try:
        found = [one for platform in cl.get_platforms() for one in platform.get_devices()]
    except cl.Error as error:
        raise BackendUnavailable("an OpenCL device", "pip install 'pyopencl[pocl]'") from error
    try:
        context = cl.Context([found[0]])
        return context, cl.Kernel(cl.Program(context, KERNEL).build(), "pass")
    except cl.Error as error:  # PoCL's compiler does not know every processor
        said = next((line for line in str(error).splitlines() if line.startswith("error:")), error)
        raise BackendUnavailable("an OpenCL device", f"{found[0].name.strip()}: {said}") from error


def describe() -> str:
    """Return the name of the device."""
    return f"{_ready()[0].devices[0].name.strip()} (OpenCL)"


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Return the blurred picture."""
    context, kernel = _ready()
    height, width, channels = image.shape
    weights = np.array(taps(sigma), np.float32)
    radius, given = len(weights) // 2, np.ascontiguousarray(image, np.float32)
    flags = cl.mem_flags.READ_ONLY | cl.mem_flags.COPY_HOST_PTR
    with cl.CommandQueue(context) as line:
        first = cl.Buffer(
            context, cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR, hostbuf=given
        )
        second = cl.Buffer(context, cl.mem_flags.READ_WRITE, given.nbytes)
        held = cl.Buffer(context, flags, hostbuf=weights)
        for source, target, length, step in (
            (first, second, height, width * channels),
            (second, first, width, channels),
        ):
            numbers = (np.int32(n) for n in (radius, length, step, channels))
            kernel(line, (given.size,), None, source, target, held, *numbers)
        cl.enqueue_copy(line, given, first)
    return np.rint(given).astype(np.uint8)
