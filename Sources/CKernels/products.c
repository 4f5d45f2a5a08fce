// Both precisions of the small products, from one text.
#include "CKernelsProducts.h"
#include "clones.h"

#define T float
#define NAME(what) us_small_##what##_f32
#include "small_products.h"
#undef T
#undef NAME

#define T double
#define NAME(what) us_small_##what##_f64
#include "small_products.h"
