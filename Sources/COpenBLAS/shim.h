// OpenBLAS's own cblas.h: the C interface, and openblas_set_num_threads beside it.
#include <cblas.h>
