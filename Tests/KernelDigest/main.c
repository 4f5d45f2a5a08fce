// Prints the digest of every set of kernels that this CPU can run. KernelDigestTests builds it for arm64 and runs it under
// qemu-user; on an arm64 machine of yours:
//
//     cc -O3 -ffp-contract=off -I Sources/CKernels/include -I Tests/KernelDigest/include
//         Tests/KernelDigest/*.c Sources/CKernels/*.c -lm -o digest && ./digest 400
#include <stdio.h>
#include <stdlib.h>

#include "KernelDigest.h"

int main(int count, char **arguments) {
  const int32_t layers = count > 1 ? atoi(arguments[1]) : 400;
  for (int32_t k = 0; us_kernels_at(k); k++) {
    printf("%016llx %s\n", (unsigned long long)us_kernel_digest(us_kernels_at(k), layers),
           us_kernels_name(us_kernels_at(k)));
  }
  return 0;
}
