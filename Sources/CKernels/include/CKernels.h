// The umbrella of the module: one include for each family of kernels.
#pragma once

#include "CKernelsDense.h"
#include "CKernelsFixedMath.h"
#include "CKernelsLayers.h"
#include "CKernelsTraining.h"
#include "CKernelsProducts.h"
