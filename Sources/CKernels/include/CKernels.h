// The umbrella of the module: one include for each family of kernels.
#pragma once

#include "CKernelsFixedMath.h"
