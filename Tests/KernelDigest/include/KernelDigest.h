// The same seeded layers for every CPU's kernels.
#pragma once

#include "CKernels.h"

/// A digest of what `kernels` make of so many seeded layers. Not for two threads at once.
uint64_t us_kernel_digest(const us_kernels *kernels, int32_t layers);
