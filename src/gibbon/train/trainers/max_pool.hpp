#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// The largest of each 2 x 2 pixels, forward and backward, as libtorch's max_pool2d of that stride
/// gives it: of equal ones the first counts, a NaN is larger than any value, and a last odd row or
/// column is left out. `images` [n, channels, h, w], float32, at least 2 x 2; the result has its
/// channels together. Keeps a byte for each of its values in place of libtorch's eight.
/// Thread-safe.
at::Tensor max_pool_2x2(const at::Tensor& images);

}  // namespace gibbon::train
