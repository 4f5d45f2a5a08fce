// Both precisions of the training passes, from one text.
#include "CKernelsTraining.h"

#include <math.h>
#include <string.h>

#include "CKernelsFixedMath.h"
#include "CKernelsLayers.h"
#include "clones.h"

#define T float
#define NAME(pass) us_train_##pass##_f32
#define TANH us_fixed_tanhf
#define SQRT sqrtf
#include "training_passes.h"
#include "training_layers.h"
#undef T
#undef NAME
#undef TANH
#undef SQRT

#define T double
#define NAME(pass) us_train_##pass##_f64
#define TANH us_fixed_tanh
#define SQRT sqrt
#include "training_passes.h"
#include "training_layers.h"
