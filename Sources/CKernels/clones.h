// A version of a function for each kind of CPU, chosen as the program is loaded.
//
// ThreadSanitizer instruments the choice too, which runs before the sanitizer does: under it there is one version.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_VERSION
#endif
#endif

#if defined(__x86_64__) && !defined(ONE_VERSION)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif
